from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from napari_selfseg.catalogue import METHODS
from napari_selfseg.parameters import Parameters, parameter

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "src" / "napari_selfseg" / "pages"
KINDS = [pytest.param(each, id=each.name) for each in METHODS]


@pytest.fixture(scope="module")
def tables():
    """The script that writes the tables, as a module."""
    spec = importlib.util.spec_from_file_location("tables", ROOT / "docs" / "method_tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Every(Parameters):
    name = "every"
    title = "Every"

    free: float = parameter(-2.5, "Any | number.")
    count: int = parameter(3, "A number.", minimum=1, unit="pixels")
    most: int = parameter(3, "A number.", maximum=100_000, source="table 1")
    flag: bool = parameter(True, "A switch.")


@pytest.mark.parametrize("method", KINDS)
def test_the_table_of_a_page_is_the_declaration(tables, method):
    page = tables.page_of(method)
    assert page == FOLDER / f"{method.name}.md"
    assert tables.written(page.read_text(encoding="utf-8")) == tables.table(method), (
        "run: python docs/method_tables.py"
    )


@pytest.mark.parametrize("method", KINDS)
def test_a_page_has_title_citation_and_every_parameter(tables, method):
    page = tables.page_of(method).read_text(encoding="utf-8")
    assert page.startswith(f"# {method.title}\n")
    assert f"https://doi.org/{method.doi}" in page
    names = re.findall(r"^\| `(\w+)`", page, flags=re.MULTILINE)
    assert names == [each.name for each in method.declared()]


def test_every_page_belongs_to_a_method():
    assert {each.stem for each in FOLDER.glob("*.md")} == {each.name for each in METHODS}


def test_rows_have_default_range_help_and_source(tables):
    assert tables.table(Every).splitlines()[2:] == [
        "| `free` | -2.5 | any | Any \\| number. |  |",
        "| `count` | 3 pixels | from 1 | A number. |  |",
        "| `most` | 3 | up to 100 000 | A number. | table 1 |",
        "| `flag` | on | on, off | A switch. |  |",
    ]


def test_a_table_is_replaced_and_the_rest_stays(tables):
    page = f"# A\n\n{tables.BEGIN}\nold\n{tables.END}\n\nafter\n"
    new = tables.replaced(page, "| new |")
    assert tables.written(new) == "| new |"
    assert new.startswith("# A\n\n")
    assert new.endswith(f"{tables.END}\n\nafter\n")
    assert tables.replaced(new, "| new |") == new


def test_a_page_without_marks_is_refused(tables):
    with pytest.raises(ValueError, match="A page needs one line"):
        tables.replaced("# A\n", "")
