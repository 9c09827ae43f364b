"""Write the parameters of each method into its page: ``python docs/method_tables.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from napari_selfseg.catalogue import METHODS
from napari_selfseg.parameters import Parameter, Parameters

# Part of the package, so that the docks can show them.
PAGES: Final = Path(__file__).resolve().parents[1] / "src" / "napari_selfseg" / "pages"
BEGIN: Final = "<!-- parameters: written by docs/method_tables.py -->"
END: Final = "<!-- end of parameters -->"
HEAD: Final = ("parameter", "default", "range", "what it does", "source of the default")


def page_of(method: type[Parameters]) -> Path:
    """Return where the page of a method is."""
    return PAGES / f"{method.name}.md"


def table(method: type[Parameters]) -> str:
    """Return the declared parameters as a table."""
    rows = [HEAD, ("---",) * len(HEAD), *(_row(each) for each in method.declared())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def written(page: str) -> str:
    """Return the table that a page has between its marks."""
    return _parts(page)[1].strip()


def replaced(page: str, table: str) -> str:
    """Return a page with another table between its marks."""
    before, _, after = _parts(page)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _parts(page: str) -> tuple[str, str, str]:
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"A page needs one line {BEGIN} and one line {END}.")
    before, rest = page.split(BEGIN)
    between, after = rest.split(END)
    return before, between, after


def _row(parameter: Parameter) -> tuple[str, ...]:
    cells = (_default(parameter), _range(parameter), parameter.help, parameter.source)
    name = f"`{parameter.name}`" + (f" ({parameter.words})" if parameter.words else "")
    return (name, *(each.replace("|", "\\|") for each in cells))


def _default(parameter: Parameter) -> str:
    if parameter.type is bool:
        return "on" if parameter.default else "off"
    return f"{parameter.default} {parameter.unit}".strip()


def _range(parameter: Parameter) -> str:
    if parameter.type is bool:
        return "on, off"
    if parameter.choices:
        return ", ".join(parameter.choices)
    low, high = (_bound(each) for each in (parameter.minimum, parameter.maximum))
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"up to {high}" if high else "any"


def _bound(value: float | None) -> str:
    return "" if value is None else f"{value:,}".replace(",", " ")


if __name__ == "__main__":
    for each in METHODS:
        page = page_of(each)
        text = page.read_text(encoding="utf-8")
        page.write_text(replaced(text, table(each)), encoding="utf-8")
