"""Labels layers that show a run: made at its start, written as it goes, handed over at its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
from napari.layers import Image, Labels
from napari.utils.colormaps import Colormap, CyclicLabelColormap, label_colormap
from numpy.typing import NDArray

from napari_selfseg.widgets.canvas.colours.distinct import distinct
from napari_selfseg.widgets.canvas.colours.standing_off import ALL_HUES, Hues, free_hues
from napari_selfseg.widgets.canvas.colours.steady_colours import following
from napari_selfseg.widgets.canvas.label_storage import LabelStorage
from napari_selfseg.widgets.canvas.labels_writer import LabelsWriter
from napari_selfseg.widgets.canvas.layers import METADATA, placed
from napari_selfseg.widgets.canvas.looks.described import SHOWS
from napari_selfseg.widgets.canvas.looks.outlined import drawn_fast
from napari_selfseg.widgets.model.image_source import shape_of
from napari_selfseg.widgets.model.own import made
from napari_selfseg.widgets.model.request import Request

__all__ = ["Canvas", "Kind", "add_labels", "hide_earlier", "palette", "settle", "show_borders"]

Kind = Literal["classes", "pieces", "segments", "objects"]

PIECES: Final = 49
SEGMENTS: Final = 500
DISTINCT: Final = 1000
# Where there is no border the picture shines through, and the surest ones are seen on any picture.
CONFIDENCE: Final = ((1.0, 0.85, 0.0, 0.0), (1.0, 0.6, 0.0, 0.8), (0.85, 0.0, 0.1, 1.0))


class Canvas:
    """A labels layer that shows a run, in colours that suit the kind of label.

    Attributes
    ----------
    kind : {"classes", "pieces", "segments", "objects"}
        What it shows.
    """

    def __init__(self, viewer: Any, source: Any, request: Request) -> None:
        self._writer = LabelsWriter(add_labels(viewer, source, request))
        self.layer = self._writer.layer
        self._own = own_kind(request)
        self._n_classes = request.method.n_classes
        self._hues = free_hues(source)
        self.kind: Kind = "classes"
        # Colours of drawn classes are those of their strokes, whatever a first look shows.
        self._steady = request.scribbles is None
        self._early: NDArray[Any] | None = None

    def show(self, labels: NDArray[Any], kind: Kind) -> None:
        """Write a label map into the layer; `kind` is as of the class."""
        if kind != self.kind:
            # The colours first: a palette of few classes repeats them for many labels.
            self.kind = kind
            self.layer.colormap = self._colours()
            self.layer.metadata[SHOWS] = self._own if kind == "classes" else kind
        elif self._early is not None and self._steady:
            self.layer.colormap = following(self._colours(), labels, self._early)
        self._early = None
        self._writer.write(labels)

    def show_early(self, labels: NDArray[Any]) -> None:
        """Show the labels of a first look, whose numbers are not those of the run.

        Where the next labels are alike, they get the same colours.
        """
        self._early = labels
        self._writer.write(labels)

    def _colours(self) -> CyclicLabelColormap:
        if self.kind == "pieces":
            return label_colormap(PIECES)
        sizes = {"segments": SEGMENTS, "objects": DISTINCT}
        return palette(sizes.get(self.kind, self._n_classes), self._hues)


def add_labels(
    viewer: Any, source: Any, request: Request, storage: LabelStorage | None = None
) -> Any:
    """Add an empty labels layer over the part of an image that is segmented.

    `storage` has the labels of a stack or of tiles, and its folder goes with the layer; a new array
    by default. The layer has as many axes as the image: a plane of a volume lies where it was cut.
    """
    shape = shape_of(request.picture.shape, request.index, thin=True)
    # The ids of a stack may go on beyond the classes.
    n_classes = DISTINCT if request.stack else request.method.n_classes
    if storage is None:
        # Small types keep the live view fast.
        data: Any = np.zeros(shape, np.uint8 if n_classes < 256 else np.uint16)
    else:
        data = storage.shown(request.index)
    applied = ", applied" if request.tiles and request.start is not None else ""
    labels = Labels(
        data,
        name=f"{request.picture.name} [{request.method.title}{applied}]",
        colormap=palette(n_classes, free_hues(source)),
        multiscale=isinstance(data, list),
        **placed(source, request.index),
    )
    labels.editable = False
    labels.metadata[SHOWS] = own_kind(request)
    drawn_fast(labels)
    added = viewer.add_layer(labels)
    if storage is not None and storage.lease is not None:
        storage.lease.follow(viewer)
    return added


def own_kind(request: Request) -> Kind:
    """Return what a run's own labels are."""
    if request.makes_objects:
        return "objects"
    return "segments" if request.method.segments else "classes"


def palette(n: int, hues: Hues = ALL_HUES) -> CyclicLabelColormap:
    """Return a colour for each of n classes, chosen so that everybody can tell them apart.

    napari's own palette repeats some and has near blacks. Colours are repeated beyond `DISTINCT`
    classes; `hues` are those from `free_hues` that stand off the image. Label 0 is transparent.
    """
    n = min(n, DISTINCT)
    colours = np.zeros((n + 1, 4), np.float32)
    colours[1:] = np.concatenate((distinct(n, hues), np.ones((n, 1))), axis=1)
    return CyclicLabelColormap(colors=colours, background_value=0)


def settle(layer: Any, record: Mapping[str, Any]) -> None:
    """Give a layer from `add_labels` the record of its labels, and make it editable."""
    layer.editable = True
    layer.metadata[METADATA] = dict(record)


def show_borders(viewer: Any, source: Any, request: Request, image: NDArray[Any]) -> Any:
    """Show how sure each border is, 0 to 1, over the image; a layer that exists is updated."""
    layer = Image(
        image.reshape(shape_of(request.picture.shape, request.index, thin=True)),
        name=f"{request.picture.name} [border confidence]",
        colormap=Colormap(CONFIDENCE, name="border confidence"),
        contrast_limits=(0, 1),
        blending="translucent",
        metadata=made("overlay"),
        **placed(source, request.index),
    )
    for each in viewer.layers:
        if each.name == layer.name and np.array_equal(each.extent.world, layer.extent.world):
            each.data = layer.data
            return each
    return viewer.add_layer(layer)


def hide_earlier(viewer: Any, name: str, but: Any = None) -> None:
    """Hide earlier results of an image, except one: two over each other cannot be read."""
    for layer in viewer.layers:
        record = None if layer == but else layer.metadata.get(METADATA)
        if record and any(each["name"] == name for each in record.get("images", ())):
            layer.visible = False
