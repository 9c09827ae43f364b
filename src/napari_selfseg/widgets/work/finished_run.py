"""What is left of a run: every iteration kept, shown in its layer as classes or objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.labelmaps import count
from napari_selfseg.outlines import SUPERPIXELS
from napari_selfseg.widgets.canvas.columns import annotated, clear_table, our_table, write_table
from napari_selfseg.widgets.canvas.kept import Kept, write_part
from napari_selfseg.widgets.canvas.label_layer import Canvas, Kind, settle
from napari_selfseg.widgets.canvas.layers import METADATA, part_sizes, shift_of
from napari_selfseg.widgets.model.axis_letters import PLANE, place_of_axes
from napari_selfseg.widgets.model.measure import unit_of
from napari_selfseg.widgets.model.records import with_edits
from napari_selfseg.widgets.parts.dialogs import label_files
from napari_selfseg.widgets.work.agreement import Moment
from napari_selfseg.widgets.work.label_finder import Found, LabelFinder

if TYPE_CHECKING:
    from napari_selfseg.protocol import Run
    from napari_selfseg.widgets.model.request import Request

__all__ = ["Earlier", "Outcome"]

OTHER_SHAPE: Final = (
    "{name} has labels of another shape than its image now: press Run again, or save the layer as "
    "it is by File > Save Selected Layers."
)


@dataclass(frozen=True)
class Earlier:
    """Labels as they were shown before a run went on in their layer.

    Attributes
    ----------
    outcome : Outcome
        The run they are of.
    labels, kind, record : ndarray, str, dict
        Of the layer, and what they were.
    table : dict
        What was measured of them.
    """

    outcome: Outcome
    labels: NDArray[Any]
    kind: Kind
    record: dict[str, Any]
    table: dict[str, Any]


class Outcome:
    """The evolution behind a labels layer, which has the labels of the end.

    Attributes
    ----------
    finder : LabelFinder
        Makes other labels of the run, for `show`.
    version : int
        Grows whenever other labels are shown.
    held : dict
        What others keep with it.
    earlier : Earlier or None
        What there was before this run went on in its layer; one step, and no more.
    """

    def __init__(
        self, viewer: Any, source: Any, canvas: Canvas, request: Request, run: Run
    ) -> None:
        self.source = source
        self.request = request
        self.run = run
        self.finder = LabelFinder(request, run)
        self.version = 0
        self.held: dict[str, Any] = {}
        self.earlier: Earlier | None = None
        self._viewer = viewer
        self._canvas = canvas
        self._shown = self._known = np.array(self.layer.data)
        self._classes: NDArray[Any] | None = None
        self._drawn: NDArray[Any] | None = run.scribbles[0]

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
        self.layer.visible, self.layer.editable = True, False
        clear_table(self.layer)
        return self._canvas

    def kept_aside(self) -> Earlier | None:
        """Return a copy of what is shown, for `step_back`; None where edits leave it a layer."""
        self.earlier = None
        if self.edited:
            return None
        table = dict(our_table(self.layer))
        record = dict(self.record)
        return Earlier(self, np.array(self.layer.data), self._canvas.kind, record, table)

    def step_back(self) -> Outcome | None:
        """Show again what there was before the run went on, and return the run it is of.

        Labels somebody edited since stay in a layer of their own. None where there is nothing.
        """
        if (earlier := self.earlier) is None:
            return None
        self.earlier, before = None, earlier.outcome
        before._canvas = self.hand_on()
        before._canvas.show(earlier.labels, earlier.kind)
        # Whoever lets go of this run finds nothing edited in the layer, which both show in.
        self._shown = self._known = before._shown = before._known = np.array(before.layer.data)
        before.version += 1
        settle(before.layer, earlier.record)
        if earlier.table:
            write_table(before.layer, earlier.table)
        return before

    @property
    def objects(self) -> bool:
        """Whether the labels in the layer are objects, which have no classes."""
        return self._canvas.kind == "objects" or self.request.method.instances

    @property
    def moment(self) -> Moment:
        """All of the run."""
        return Moment(self.run, {**self.run.record(), "source": self.request.source})

    def labels(self) -> NDArray[Any]:
        """Return a copy of the labels in the layer, ``(*spatial)`` of the part.

        Raises
        ------
        ValueError
            When somebody gave the layer labels of another shape.
        """
        found = np.array(self.layer.data)
        if found.size != prod(self.request.shape):
            raise ValueError(OTHER_SHAPE.format(name=self.layer.name))
        return found.reshape(self.request.shape)

    def classes(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return the class of each pixel of labels from `labels`.

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

    def show(self, found: Found) -> None:
        """Show other labels, which `finder` has made."""
        if self.edited:
            self._leave()
        wanted = found.wanted
        self._classes = found.classes if wanted.objects else None
        cut = wanted.cut
        self._drawn = self.run.scribbles[0] if cut is None else cut.agreement.drawn
        self._write(found)
        settle(self.layer, self.finder.record(wanted))

    @property
    def keeping(self) -> Kept:
        """The labels as they are saved and copied."""
        layer = self.layer
        place = {"spacing": part_sizes(layer, self.request.index), "unit": unit_of(layer)}
        if len(names := self.request.along.names) > len(PLANE):
            place |= place_of_axes(names)
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
        """Whether somebody corrected, painted or annotated the labels since they were shown."""
        if self.record.get("edits") or annotated(self.layer):
            return True
        return not np.array_equal(self.layer.data, self._shown)

    @property
    def record(self) -> Mapping[str, Any]:
        """How the labels shown were made."""
        return self.layer.metadata[METADATA]

    def _write(self, found: Found) -> None:
        clear_table(self.layer)
        self.version += 1
        self._canvas.show(found.labels, found.wanted.kind)
        self._shown = self._known = np.array(self.layer.data)

    def _leave(self) -> None:
        """Leave labels that were edited to the user, and go on in a new layer."""
        self.mark_edits()
        self.layer.name = f"{self.layer.name} (edited)"
        self.layer.visible = False
        self._canvas = Canvas(self._viewer, self.source, self.request)
