"""What the tour of the Segment dock shows, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from qtpy.QtWidgets import QWidget

from napari_selfseg.widgets.views.view import RESULT, SETUP, SegmentView

__all__ = ["Step", "steps"]

IMAGE: Final = (
    "The image that is selected in the list of layers is segmented. Open your own by File > Open, "
    "or a sample by File > Open Sample."
)
GOAL: Final = (
    "Segments fill the image: tissues, fields, cells side by side. Objects are things on a "
    "background, found and counted: nuclei, cells, grains."
)
FEW: Final = "Large segments to the left, many small ones to the right."
RUN: Final = (
    "Run starts, and labels form while you watch. Stop ends it and keeps what is there. "
    "Next presses Run for you."
)
SLIDER: Final = (
    "Labels lie in a layer of their own, over the image. When the run has ended, the slider from "
    "Few to Many acts at once. Of objects, small or large ones can be left out."
)
SAVE: Final = (
    "Measure makes a table with a row for each segment or object. Save table... and Save "
    "labels... write files."
)
REST: Final = (
    "Parts of an image, scribbles, other methods and their settings, and this tour. The page "
    "Review corrects objects one by one."
)


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes
    ----------
    title, body : str
        What is said.
    target : callable
        Returns what it is about; None where that is not there.
    before : callable
        Called before it is shown, perhaps more than once.
    """

    title: str
    body: str
    target: Callable[[], QWidget | None]
    before: Callable[[], object]


def steps(view: SegmentView, run: Callable[[], object]) -> list[Step]:
    """Return the steps of a tour; `run` starts a run where none was made."""

    def turned(page: int) -> Callable[[], object]:
        return lambda: view.pages.setCurrentIndex(page)

    setup, controls = view.setup, view.controls
    first, last = turned(SETUP), turned(RESULT)
    return [
        Step("Your image", IMAGE, lambda: setup.image, first),
        Step("Segments or objects", GOAL, lambda: setup.goal, first),
        Step(
            "Few or many",
            FEW,
            lambda: None if controls.granularity.isHidden() else controls.granularity,
            first,
        ),
        Step("Run", RUN, lambda: controls.run, first),
        Step("Watch, then choose", SLIDER, lambda: controls, run),
        Step("Measure and save", SAVE, lambda: view.pages, last),
        Step("All the rest is under More", REST, lambda: setup.more, first),
    ]
