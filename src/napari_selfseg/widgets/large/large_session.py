"""What stacks and tiles have in common: labels in an array of their own, filled piece by piece."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from napari_selfseg.widgets.canvas.kept import Kept
from napari_selfseg.widgets.canvas.label_storage import LabelStorage, save_storage
from napari_selfseg.widgets.canvas.layers import METADATA, part_sizes
from napari_selfseg.widgets.model.axis_letters import place_of_axes
from napari_selfseg.widgets.model.measure import unit_of
from napari_selfseg.widgets.model.records import with_edits
from napari_selfseg.widgets.parts.dialogs import label_kinds, label_suffix
from napari_selfseg.widgets.work.live_job import Ended, Progress
from napari_selfseg.widgets.work.live_session import LiveSession

if TYPE_CHECKING:
    from napari_selfseg.protocol import Fit
    from napari_selfseg.widgets.large.stack_job import StackJob
    from napari_selfseg.widgets.large.tile_job import TileJob

__all__ = ["LargeSession"]


class LargeSession(LiveSession):
    """Labels that are written by the worker, and kept where they are.

    `held` is what others keep with it.
    """

    storage: LabelStorage
    _job: StackJob | TileJob

    @property
    def begun(self) -> bool:
        """Whether there is anything to keep yet."""
        return self._job.begun

    @property
    def fit(self) -> Fit | None:
        """What was learned; None before that, or when nothing was."""
        return self._job.fit

    @property
    def kept(self) -> bool:
        """Whether it has ended, and left labels."""
        return self.over and self.layer in self._viewer.layers

    @property
    def keeping(self) -> Kept:
        """The labels as they are saved and copied."""
        layer, along = self.layer, self.request.along
        spacing, unit = part_sizes(layer, self.request.index), unit_of(layer)
        place = {"spacing": spacing, "unit": unit, **place_of_axes(along.names)}
        record, by_blocks = layer.metadata.get(METADATA) or {}, self.storage.path is not None
        ending, kinds = label_suffix(by_blocks=by_blocks), label_kinds(by_blocks=by_blocks)

        def saving(path: str) -> Callable[[], None]:
            storage = self.shown
            told = self._told(record, storage)
            return lambda: save_storage(path, storage, along, spacing, unit, told() or None)

        return Kept(layer.name, record, place, ending, kinds, saving)

    @property
    def objects(self) -> bool:
        """Whether the labels are objects on a background."""
        return self.request.method.instances or self.request.finish is not None

    @cached_property
    def held(self) -> dict[str, Any]:
        """What others keep with it."""
        return {}

    def correct(self, edits: Sequence[Mapping[str, Any]]) -> None:
        """Note in the record what was corrected in the labels, as a record has it."""
        record = self.layer.metadata.get(METADATA, {})
        self.layer.metadata[METADATA] = with_edits(record, edits)

    @property
    @abstractmethod
    def unfinished(self) -> bool:
        """Whether it has ended, and something is left to do."""

    @property
    def resumable(self) -> bool:
        """Whether something is left to do, of an image that is still there."""
        return self.unfinished and self.source in self._viewer.layers

    @abstractmethod
    def again(self) -> LargeSession:
        """Return a session that does what is left, in the same layer."""

    @property
    def shown(self) -> LabelStorage:
        """The labels in the layer now, to be read later."""
        return self.storage

    def _told(
        self, record: Mapping[str, Any], shown: LabelStorage
    ) -> Callable[[], Mapping[str, Any]]:
        """Return what makes the record of labels that were `shown`, in a worker thread."""
        return lambda: record

    def _show(self, message: Progress | Ended) -> None:
        self.layer.refresh()

    def _hand_over(self) -> None:
        # Labels of several levels cannot be painted on in napari.
        self.layer.editable = not self.layer.multiscale
