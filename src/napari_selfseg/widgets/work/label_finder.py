"""The labels of an ended run as somebody wants them: classes, pieces, segments or objects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from napari_selfseg.labelmaps import count
from napari_selfseg.objects import connected, merged_small
from napari_selfseg.outlines import SUPERPIXELS, Outlines
from napari_selfseg.widgets.canvas.label_layer import Kind
from napari_selfseg.widgets.model.sizes import Sizes
from napari_selfseg.widgets.work.agreement import Cut

if TYPE_CHECKING:
    from napari_selfseg.instances import AsObjects
    from napari_selfseg.protocol import Run
    from napari_selfseg.widgets.model.request import Request

__all__ = ["Found", "LabelChoice", "LabelFinder"]

# Images up to so large are labelled anew while a control moves.
QUICK_PIXELS: Final = 1 << 21
QUICK_CUT_PIXELS: Final = 1 << 23


@dataclass(frozen=True)
class LabelChoice:
    """What to show of a run.

    Attributes
    ----------
    iteration : int
        One of those kept; not read where there is a cut.
    objects : bool
        Whether every connected piece gets a label of its own.
    smallest : int
        Pieces of fewer pixels take the label of a neighbour.
    cut : Cut or None
        Segments, in place of the classes of an iteration.
    outlines : {"superpixels", "image"}
        What borders follow.
    finish : AsObjects or None
        What labels become at last.
    """

    iteration: int
    objects: bool = False
    smallest: int = 0
    cut: Cut | None = None
    outlines: Outlines = SUPERPIXELS
    finish: AsObjects | None = None

    @property
    def at_once(self) -> LabelChoice:
        """The same made of superpixels and not finished, which shows at once."""
        return replace(self, outlines=SUPERPIXELS, finish=None)

    @property
    def unlimited(self) -> LabelChoice:
        """The same with objects of every size."""
        return self if self.finish is None else replace(self, finish=self.finish.unlimited)

    @property
    def kind(self) -> Kind:
        """What the labels are."""
        if self.finish is not None:
            return "objects"
        if self.cut is not None:
            return "segments"
        return "pieces" if self.objects else "classes"


@dataclass(frozen=True)
class Found:
    """Labels that can be shown.

    Attributes
    ----------
    classes : ndarray of int or None
        The class of each pixel; None for segments.
    sizes : Sizes or None
        Those of all objects, whatever the limits; None where labels are none.
    """

    wanted: LabelChoice
    classes: NDArray[Any] | None
    labels: NDArray[Any]
    count: int
    sizes: Sizes | None = None


class LabelFinder:
    """Makes labels of an ended run; it knows no layers."""

    def __init__(self, request: Request, run: Run) -> None:
        self._request = request
        self._run = run
        # All objects of what was found last, for limits that move.
        self._objects: tuple[LabelChoice, NDArray[Any]] | None = None

    def find(self, wanted: LabelChoice) -> Found:
        """Make labels; slow for pieces and outlines, so call it in a worker thread."""
        if wanted.finish is not None:
            return self._found_objects(wanted, wanted.finish)
        if wanted.cut is not None:
            return self._found_cut(wanted, wanted.cut)
        classes = self._run.labels(wanted.iteration, outlines=wanted.outlines, finish=None)
        if wanted.smallest:
            classes = merged_small(classes, wanted.smallest, keep=self._run.scribbles[0])
        labels = connected(classes) if wanted.objects else classes
        return Found(wanted, classes, labels, count(labels))

    def quick(self, wanted: LabelChoice) -> bool:
        """Say whether labels are made so fast that nobody waits for them."""
        plain = not (wanted.objects or wanted.smallest) and wanted.outlines == SUPERPIXELS
        if wanted.finish is not None:
            # Limits move on what is there; to find objects takes a while.
            known = self._objects is not None and self._objects[0] == wanted.unlimited
            plain = known or (plain and self._request.method.instances)
        limit = QUICK_PIXELS if wanted.cut is None else QUICK_CUT_PIXELS
        return plain and self._request.pixels <= limit

    def record(self, wanted: LabelChoice) -> dict[str, Any]:
        """Return how such labels are made."""
        record = self._made(wanted)
        if wanted.objects or wanted.smallest:
            record["objects"] = {"connected": wanted.objects, "minimum_size": wanted.smallest}
        return record

    def _found_objects(self, wanted: LabelChoice, finish: AsObjects) -> Found:
        every = wanted.unlimited
        if self._objects is None or self._objects[0] != every:
            self._objects = every, self._all_objects(every)
        labels = finish.limited(self._objects[1])
        return Found(wanted, None, labels, count(labels), Sizes.of(self._objects[1]))

    def _all_objects(self, wanted: LabelChoice) -> NDArray[Any]:
        how: dict[str, Any] = {"outlines": wanted.outlines, "finish": wanted.finish}
        if wanted.cut is None:
            return self._run.labels(wanted.iteration, **how)
        drawn = wanted.cut.agreement.scribbles
        return self._run.outlined(wanted.cut.labels(), scribbles=drawn, **how)

    def _found_cut(self, wanted: LabelChoice, cut: Cut) -> Found:
        drawn = cut.agreement.scribbles
        how: dict[str, Any] = {"outlines": wanted.outlines, "finish": None}
        labels = self._run.outlined(cut.labels(), scribbles=drawn, **how)
        if not wanted.smallest:
            return Found(wanted, None, labels, cut.n_segments)
        merged = merged_small(labels, wanted.smallest, keep=cut.agreement.drawn)
        return Found(wanted, None, merged, count(merged))

    def _made(self, wanted: LabelChoice) -> dict[str, Any]:
        from napari_selfseg.record import with_finish, with_outlines

        finish = wanted.finish
        # Objects of the method for them are as it made them, where nothing is left out.
        plain = finish is None or (self._request.method.instances and finish == finish.unlimited)
        told = None if plain or finish is None else finish
        if wanted.cut is not None:
            record = with_outlines(wanted.cut.record, wanted.outlines)
            return with_finish(record, None if told is None else told.as_dict())
        record = self._run.record(wanted.iteration, outlines=wanted.outlines, finish=told)
        return {**record, "source": self._request.source}
