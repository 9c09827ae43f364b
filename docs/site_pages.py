"""Pages of the site that are made from what the project says elsewhere; called by mkdocs.

Notebooks become tutorials, the pages of the methods are those of the package, the list of what to
cite comes from the methods, and the pages of the API from the public names.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

DOCS: Final = Path(__file__).resolve().parent
PACKAGE: Final = DOCS.parent / "src" / "napari_selfseg"
# A name that is exported, and where it is defined.
EXPORT: Final = re.compile(r"^from \.(\S*) import (\w+) as \2$", re.M)
DOI: Final = re.compile(r"https://doi\.org/[^\s)>\]]+")
NOTEBOOKS: Final = ("tutorial", "stack_tutorial")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    made = {f"{name}.md": tutorial(DOCS / f"{name}.ipynb") for name in NOTEBOOKS}
    methods = sorted(PACKAGE.joinpath("pages").glob("*.md"))
    made |= {f"pages/{each.name}": each.read_text(encoding="utf-8") for each in methods}
    made |= {"citing.md": citing(methods), "api.md": api()}
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Let links to the pages of the package lead to those of the site."""
    return re.sub(r"\(\.\./src/napari_selfseg/pages/(\w+\.md)", r"(pages/\1", markdown)


def tutorial(path: Path) -> str:
    """Return a notebook as a page."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join(_cell(each) for each in cells) + "\n"


def _cell(cell: dict[str, Any]) -> str:
    source = "".join(cell["source"])
    return source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```"


def citing(methods: list[Path]) -> str:
    """Return a page with what to cite."""
    lines = [
        "# Citing",
        "Please cite the paper of the method you used, and this software as `CITATION.cff` says.",
    ]
    for page in methods:
        links = dict.fromkeys(DOI.findall(page.read_text(encoding="utf-8")))
        found = ", ".join(f"<{each.rstrip('.,;')}>" for each in links)
        lines.append(f"- [{_title(page)}](pages/{page.name}): {found or 'our own'}")
    return "\n\n".join(lines[:2]) + "\n\n" + "\n".join(lines[2:]) + "\n"


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").splitlines()[0].lstrip("# ").strip()


def api() -> str:
    """Return a page with every public name."""
    text = (PACKAGE / "__init__.pyi").read_text(encoding="utf-8")
    paths = [f"napari_selfseg.{home}.{name}" for home, name in EXPORT.findall(text) if home]
    lines = [f"::: {path}" for path in sorted(paths, key=lambda path: path.rpartition(".")[2])]
    return "# In Python\n\n```python\nimport napari_selfseg as ss\n```\n\n" + "\n\n".join(lines)
