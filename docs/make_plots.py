"""Draw the plots of the benchmarks from the tables beside them: ``python docs/make_plots.py``.

The figures are read out of ``benchmarks.md``, so that a plot says what its table says; they are
kept in the file of the plot as well, and a test compares both. Drawing needs matplotlib.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

DOCS: Final = Path(__file__).resolve().parent
PLOTS: Final = DOCS / "images" / "plots"
# Okabe and Ito: apart for every kind of colour vision.
COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")
TALL: Final = 2.9  # inches

Bars = dict[str, dict[str, float]]  # of each colour, the figure of each group


def main() -> None:
    """Draw every plot."""
    PLOTS.mkdir(parents=True, exist_ok=True)
    page = (DOCS / "benchmarks.md").read_text("utf-8")
    for name, (read, title, axis) in BARS.items():
        draw(read(page), title, axis, PLOTS / f"{name}.svg")


def table(page: str, heading: str, nth: int = 0) -> list[dict[str, str]]:
    """Return the rows of the `nth` table under a heading, by the names of its columns.

    Raises
    ------
    ValueError
        When there is no such heading or table.
    """
    _, found, after = page.partition(f"\n{heading}\n")
    part = re.split(r"\n##+ ", after)[0]
    tables = re.findall(r"(?:^\|.*\n)+", part + "\n", re.MULTILINE)
    if not found or nth >= len(tables):
        raise ValueError(f"benchmarks.md has no table {nth + 1} under {heading!r}")
    names, _, *rows = (_cells(line) for line in tables[nth].splitlines())
    return [dict(zip(names, cells, strict=True)) for cells in rows]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def number(cell: str) -> float:
    """Return the first number of a cell."""
    found = re.search(r"[\d.]*\d", cell)
    if found is None:
        raise ValueError(f"{cell!r} has no number")
    return float(found[0])


def objects_found(page: str) -> Bars:
    """Return the F1 of objects by set, of the method and of what it is compared with."""
    sets = ("fluorescence", "stained tissue", "brightfield", "blood cells", "label-free")
    shown = {
        "objects": "Objects",
        "first": "before it learns",
        "otsu": "Otsu and watershed",
        "pieces of Consensus": "pieces of Consensus",
    }
    bars: Bars = {name: {} for name in shown.values()}
    for nth, name in enumerate(sets):
        for row in table(page, "## Are objects found?", nth):
            if row[""] in shown:
                bars[shown[row[""]]][name] = number(row["F1"])
    return bars


def segments_covered(page: str) -> Bars:
    """Return how well segments cover those that people drew."""
    shown = {
        "Consensus, second edition": "Consensus",
        "first edition": "its first edition",
        "gPb-owt-ucm, threshold best for SC": "gPb-owt-ucm\n(learned from people)",
    }
    cuts = {"own cut": "at its own number of segments", "best cut of each image": "at the best one"}
    bars: Bars = {name: {} for name in cuts.values()}
    for row in table(page, "## Consensus, second edition"):
        method = row["SC / PRI / VoI"]
        for column, name in cuts.items():
            if method in shown:
                bars[name][shown[method]] = number(row[column].split("/")[0])
    return bars


def times_the_reference(page: str) -> Bars:
    """Return how many times the speed of public code an iteration has."""
    bars: Bars = {"float32": {}, "bfloat16, where the processor has it": {}}
    for nth, method in ((0, "Backprop"), (2, "DIC")):
        rows = table(page, "## How fast is a step?", nth)
        column = list(rows[0])[-1]
        for row in rows[1:]:
            kind = "float32" if "float32" in row[""] else "bfloat16, where the processor has it"
            bars[kind][method] = number(row[column])
    return bars


def first_seen(page: str) -> Bars:
    """Return seconds until something is seen, and until all is done, by size."""
    bars: Bars = {"first look": {}, "first labels of the run": {}, "the whole run": {}}
    for row in table(page, "## How long until something is seen?"):
        for name, seconds in bars.items():
            if row[name] != "none":
                seconds[row["pixels"]] = number(row[name])
    return bars


def exported(page: str) -> Bars:
    """Return processor seconds to measure and write a hundred thousand objects, by format."""
    rows = table(page, "## How long does it take to write a hundred thousand objects?")
    seconds = {}
    for row in rows:
        name = row[""].replace("`", "").replace(" by 2 pixels", "").replace(", ", "\n")
        seconds[name] = number(row["processor s"])
    return {"now": seconds}


BARS: Final[dict[str, tuple[Callable[[str], Bars], str, str]]] = {
    "objects": (objects_found, "Objects found, as people drew them", "F1 at an IoU of .5"),
    "segments": (segments_covered, "Segments against those that people drew", "covering (SC)"),
    "speed": (times_the_reference, "Speed of an iteration", "times the public code"),
    "first_look": (first_seen, "Until something is seen", "processor seconds"),
    "exports": (exported, "100 000 objects, measured and written", "processor seconds"),
}


def draw(bars: Bars, title: str, axis: str, file: Path) -> None:
    """Draw groups of bars into an SVG, with their figures above them and in its description."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams |= {"svg.hashsalt": "napari-selfseg", "font.size": 9}
    from matplotlib import pyplot

    # The longest first: it alone has all groups in the order of the table.
    longest = sorted(bars.values(), key=len, reverse=True)
    groups = list(dict.fromkeys(group for values in longest for group in values))
    figure, axes = pyplot.subplots(figsize=(7.2, TALL), layout="constrained")
    width = 0.8 / len(bars)
    for at, (name, values) in enumerate(bars.items()):
        places = [groups.index(group) + (at - (len(bars) - 1) / 2) * width for group in values]
        drawn = axes.bar(places, values.values(), width, color=COLOURS[at], label=name)
        axes.bar_label(drawn, fmt=_short, fontsize=7, padding=1)
    axes.set_xticks(range(len(groups)), groups)
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_ylabel(axis)
    axes.spines[["top", "right"]].set_visible(False)
    if len(bars) > 1:
        figure.legend(loc="outside lower center", ncols=len(bars), frameon=False, fontsize=8)
    about: dict[str, Any] = {"Description": json.dumps(bars), "Date": None, "Title": title}
    figure.savefig(file, metadata=about)
    pyplot.close(figure)


def _short(figure: float) -> str:
    return f"{figure:.2f}".lstrip("0") if figure < 1 else f"{figure:.1f}"


if __name__ == "__main__":
    main()
