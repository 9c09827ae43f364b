"""One live large image of a dock: the layer its tiles fill, and where the user looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from napari_selfseg.widgets.canvas.label_layer import add_labels
from napari_selfseg.widgets.canvas.label_storage import LabelStorage, make_tile_storage
from napari_selfseg.widgets.canvas.layers import METADATA, describe_image
from napari_selfseg.widgets.large.large_session import LargeSession
from napari_selfseg.widgets.large.layer_cuts import LayerCuts
from napari_selfseg.widgets.large.tile_job import TileJob
from napari_selfseg.widgets.model.measure import unit_of
from napari_selfseg.widgets.model.request import Request

if TYPE_CHECKING:
    from napari_selfseg.scale import TileLayout

__all__ = ["TileSession"]


class TileSession(LargeSession):
    """A large image, tile by tile.

    With a `Request.start` nothing is learned. The fit and the tiles of a session `before`, of the
    same request, are kept.

    Attributes
    ----------
    cuts : LayerCuts or None
        Its segments at every granularity, once these were read and where there are such.
    """

    cuts: LayerCuts | None = None
    stopping = "Stopping: the tile at work is finished..."
    _job: TileJob

    def __init__(
        self,
        viewer: Any,
        source: Any,
        request: Request,
        layout: TileLayout,
        before: TileSession | None = None,
    ) -> None:
        super().__init__(viewer, source, request)
        self.layout = layout
        if before is None:
            place = (request.spacing, unit_of(source), layout.tile)
            self.storage = make_tile_storage(request.along, _dtype(request), *place)
            self.layer = add_labels(viewer, source, request, self.storage)
        else:
            self.storage, self.layer = before.storage, before.layer
            # The worker writes the chunks that somebody would paint in.
            self.layer.visible, self.layer.editable = True, False
        earlier = None if before is None else before._job
        records = self.layer.metadata
        self._job = TileJob(request, self.storage, layout, records, METADATA, earlier)
        self._look()

    @property
    def unfinished(self) -> bool:
        """Whether it has ended, and tiles are left."""
        return self.over and self._job.left

    @property
    def cuttable(self) -> bool:
        """Whether all tiles are there, with the tree that they were cut from."""
        plan = self._job.plan
        return self.over and not self._job.left and plan is not None and plan.blockwise

    def read_cuts(self) -> LayerCuts:
        """Read that tree, for `cuts`; call it in a worker thread."""
        plan = self._job.plan
        if plan is None:
            raise ValueError("There are no tiles yet.")
        return LayerCuts(plan, self.storage)

    def again(self) -> TileSession:
        """Return a session that does the tiles that are left."""
        return TileSession(self._viewer, self.source, self.request, self.layout, self)

    @property
    def shown(self) -> LabelStorage:
        """The labels in the layer now, of the number of segments that is chosen."""
        cuts = self.cuts
        return self.storage if cuts is None or not cuts.shown else cuts.kept()

    def _told(
        self, record: Mapping[str, Any], shown: LabelStorage
    ) -> Callable[[], Mapping[str, Any]]:
        cuts = self.cuts
        if cuts is None or not cuts.shown:
            return super()._told(record, shown)
        return lambda: cuts.counted(record, shown)

    def _look(self) -> None:
        picture = describe_image(self.source, self._viewer.dims)
        if picture.shape != self.request.picture.shape:
            return  # somebody gave the layer other data
        self._job.viewed = self.request.in_part(picture.middle)


def _dtype(request: Request) -> Any:
    from napari_selfseg.protocol import label_dtype

    if request.method.blockwise() is not None or request.method.tilewise() is not None:
        return "uint32"  # segments and objects of the whole image are as many as there are
    return label_dtype(request.method.n_classes)
