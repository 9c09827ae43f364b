"""What is left of a run: every iteration kept, shown in its layer as classes or objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.labelmaps import count
from napari_selfseg.objects import connected, merged_small
from napari_selfseg.outlines import SUPERPIXELS, Outlines
from napari_selfseg.widgets.canvas.kept import Kept, write_part
from napari_selfseg.widgets.canvas.label_layer import Canvas, Kind, settle
from napari_selfseg.widgets.canvas.layers import METADATA, part_sizes, shift_of
from napari_selfseg.widgets.model.measure import unit_of
from napari_selfseg.widgets.model.records import with_edits
from napari_selfseg.widgets.model.sizes import Sizes
from napari_selfseg.widgets.parts.dialogs import label_files
from napari_selfseg.widgets.work.agreement import Cut, Moment

if TYPE_CHECKING:
    from napari_selfseg.instances import AsObjects
    from napari_selfseg.protocol import Run
    from napari_selfseg.widgets.model.request import Request

__all__ = ["Found", "Outcome", "Wanted"]

QUICK_PIXELS: Final = 1 << 21
QUICK_CUT_PIXELS: Final = 1 << 23


@dataclass(frozen=True)
class Wanted:
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
    def at_once(self) -> Wanted:
        """The same made of superpixels and not finished, which shows at once."""
        return replace(self, outlines=SUPERPIXELS, finish=None)

    @property
    def unlimited(self) -> Wanted:
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
    wanted : Wanted
        What was asked for.
    classes : ndarray of int or None
        The class of each pixel; None for segments.
    labels : ndarray of int
        What is shown.
    count : int
        Number of labels.
    sizes : Sizes or None
        Those of all objects, whatever the limits; None where labels are none.
    """

    wanted: Wanted
    classes: NDArray[Any] | None
    labels: NDArray[Any]
    count: int
    sizes: Sizes | None = None


class Outcome:
    """The evolution behind a labels layer.

    Parameters
    ----------
    viewer : napari.Viewer
        With the layer.
    source : napari.layers.Image
        The image layer.
    canvas : Canvas
        With the labels of the end.
    request : Request
        What was run.
    run : Run
        Its iterations.

    Attributes
    ----------
    version : int
        Grows whenever other labels are shown.
    held : dict
        What others keep with it.
    """

    def __init__(
        self, viewer: Any, source: Any, canvas: Canvas, request: Request, run: Run
    ) -> None:
        self.source = source
        self.request = request
        self.run = run
        self.version = 0
        self.held: dict[str, Any] = {}
        self._viewer = viewer
        self._canvas = canvas
        self._shown = self._known = np.array(self.layer.data)
        self._classes: NDArray[Any] | None = None
        self._drawn: NDArray[Any] | None = run.scribbles[0]
        # All objects of what was shown last, for limits that move.
        self._objects: tuple[Wanted, NDArray[Any]] | None = None

    @property
    def drawn(self) -> frozenset[int]:
        """The classes that were scribbled for the labels shown."""
        drawn = self._drawn
        return frozenset() if drawn is None else frozenset(np.unique(drawn[drawn > 0]).tolist())

    @property
    def count(self) -> int:
        """Number of labels in the layer."""
        return count(self._shown)

    @property
    def bound(self) -> bool:
        """Whether the labels shown are bound to strokes drawn since the run."""
        return (self.record.get("cut") or {}).get("scribbles") is not None

    @property
    def layer(self) -> Any:
        """The layer that shows them; another one after labels were edited by hand."""
        return self._canvas.layer

    def hand_on(self) -> Canvas:
        """Let another run go on in the layer; labels somebody edited stay in one of their own."""
        if self.edited:
            self._leave()
        self.layer.visible, self.layer.editable, self.layer.features = True, False, {}
        return self._canvas

    @property
    def objects(self) -> bool:
        """Whether the labels in the layer are objects, which have no classes."""
        return self._canvas.kind == "objects" or self.request.method.instances

    @property
    def moment(self) -> Moment:
        """All of the run."""
        return Moment(self.run, {**self.run.record(), "source": self.request.source})

    def labels(self) -> NDArray[Any]:
        """Return a copy of the labels in the layer, ``(*spatial)`` of the part."""
        return np.array(self.layer.data).reshape(self.request.shape)

    def classes(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return the class of each pixel.

        Parameters
        ----------
        labels : ndarray of int
            From `labels`.

        Returns
        -------
        ndarray of int
            Where the labels are classes, those: somebody may have painted others. Where they are
            segments, the classes of the last iteration; with scribbles the segments themselves,
            as those that were drawn on have the number of their class.
        """
        if self._canvas.kind == "segments":
            last = self.run.labels(outlines=SUPERPIXELS, finish=None)
            return last if self._drawn is None else labels
        return labels if self._classes is None else self._classes

    def find(self, wanted: Wanted) -> Found:
        """Make other labels; slow for pieces and outlines, so call it in a worker thread.

        Parameters
        ----------
        wanted : Wanted
            Which.

        Returns
        -------
        Found
            For `show`.
        """
        if wanted.finish is not None:
            return self._found_objects(wanted, wanted.finish)
        if wanted.cut is not None:
            return self._found_cut(wanted, wanted.cut)
        classes = self.run.labels(wanted.iteration, outlines=wanted.outlines, finish=None)
        if wanted.smallest:
            classes = merged_small(classes, wanted.smallest, keep=self.run.scribbles[0])
        labels = connected(classes) if wanted.objects else classes
        return Found(wanted, classes, labels, count(labels))

    def _found_objects(self, wanted: Wanted, finish: AsObjects) -> Found:
        every = wanted.unlimited
        if self._objects is None or self._objects[0] != every:
            self._objects = every, self._all_objects(every)
        labels = finish.limited(self._objects[1])
        return Found(wanted, None, labels, count(labels), Sizes.of(self._objects[1]))

    def _all_objects(self, wanted: Wanted) -> NDArray[Any]:
        how: dict[str, Any] = {"outlines": wanted.outlines, "finish": wanted.finish}
        if wanted.cut is None:
            return self.run.labels(wanted.iteration, **how)
        drawn = wanted.cut.agreement.scribbles
        return self.run.outlined(wanted.cut.labels(), scribbles=drawn, **how)

    def _found_cut(self, wanted: Wanted, cut: Cut) -> Found:
        drawn = cut.agreement.scribbles
        how: dict[str, Any] = {"outlines": wanted.outlines, "finish": None}
        labels = self.run.outlined(cut.labels(), scribbles=drawn, **how)
        if not wanted.smallest:
            return Found(wanted, None, labels, cut.n_segments)
        merged = merged_small(labels, wanted.smallest, keep=cut.agreement.drawn)
        return Found(wanted, None, merged, count(merged))

    def quick(self, wanted: Wanted) -> bool:
        """Say whether labels are made so fast that nobody waits for them."""
        plain = not (wanted.objects or wanted.smallest) and wanted.outlines == SUPERPIXELS
        if wanted.finish is not None:
            # Limits move on what is there; to find objects takes a while.
            known = self._objects is not None and self._objects[0] == wanted.unlimited
            plain = known or (plain and self.request.method.instances)
        limit = QUICK_PIXELS if wanted.cut is None else QUICK_CUT_PIXELS
        return plain and self.request.pixels <= limit

    def show(self, found: Found) -> None:
        """Show other labels.

        Parameters
        ----------
        found : Found
            From `find`.
        """
        if self.edited:
            self._leave()
        wanted = found.wanted
        self._classes = found.classes if wanted.objects else None
        cut = wanted.cut
        self._drawn = self.run.scribbles[0] if cut is None else cut.agreement.drawn
        self._write(found)
        record = self._recorded(wanted)
        if wanted.objects or wanted.smallest:
            record["objects"] = {"connected": wanted.objects, "minimum_size": wanted.smallest}
        settle(self.layer, record)

    @property
    def keeping(self) -> Kept:
        """The labels as they are saved and copied."""
        layer = self.layer
        place = {"spacing": part_sizes(layer, self.request.index), "unit": unit_of(layer)}
        write = partial(self._saving, place)
        return Kept(layer.name, self.record, place, ".tif", label_files(), write, self.unrecorded)

    def _saving(self, place: Mapping[str, Any], path: str) -> Callable[[], None]:
        labels = self.labels()
        self.mark_edits()
        record, shift = self.record, shift_of(self.layer, self.request.index)
        return partial(write_part, path, labels, record, place, shift)

    def correct(self, edits: Sequence[Mapping[str, Any]]) -> None:
        """Note in the record what was corrected in the labels, as a record has it."""
        self.layer.metadata[METADATA] = with_edits(self.record, edits)
        self._known = np.array(self.layer.data)
        self.version += 1

    def mark_edits(self) -> None:
        """Note in the record whether the labels are others than it says."""
        if self.unrecorded:
            self.layer.metadata[METADATA] = {**self.record, "edited": True}

    @property
    def unrecorded(self) -> bool:
        """Whether somebody changed the labels in a way that is not in the record."""
        return not np.array_equal(self.layer.data, self._known)

    @property
    def edited(self) -> bool:
        """Whether somebody corrected or painted the labels since they were shown."""
        return bool(self.record.get("edits")) or not np.array_equal(self.layer.data, self._shown)

    @property
    def record(self) -> Mapping[str, Any]:
        """How the labels shown were made."""
        return self.layer.metadata[METADATA]

    def _recorded(self, wanted: Wanted) -> dict[str, Any]:
        from napari_selfseg.record import with_finish, with_outlines

        finish = wanted.finish
        # Objects of the method for them are as it made them, where nothing is left out.
        plain = finish is None or (self.request.method.instances and finish == finish.unlimited)
        told = None if plain or finish is None else finish
        if wanted.cut is not None:
            record = with_outlines(wanted.cut.record, wanted.outlines)
            return with_finish(record, None if told is None else told.as_dict())
        record = self.run.record(wanted.iteration, outlines=wanted.outlines, finish=told)
        return {**record, "source": self.request.source}

    def _write(self, found: Found) -> None:
        self.layer.features = {}
        self.version += 1
        self._canvas.show(found.labels, found.wanted.kind)
        self._shown = self._known = np.array(self.layer.data)

    def _leave(self) -> None:
        """Leave labels that were edited to the user, and go on in a new layer."""
        self.mark_edits()
        self.layer.name = f"{self.layer.name} (edited)"
        self.layer.visible = False
        self._canvas = Canvas(self._viewer, self.source, self.request)
