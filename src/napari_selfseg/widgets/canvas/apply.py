"""What was learned on one image, applied to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray

from napari_selfseg.widgets.canvas.colours.standing_off import free_hues
from napari_selfseg.widgets.canvas.label_layer import palette
from napari_selfseg.widgets.canvas.layers import METADATA, placed
from napari_selfseg.widgets.canvas.looks.described import SHOWS
from napari_selfseg.widgets.canvas.looks.outlined import drawn_fast
from napari_selfseg.widgets.model.image_source import Index, Picture, cut, read, shape_of
from napari_selfseg.widgets.model.overlay import Void
from napari_selfseg.widgets.model.own import made
from napari_selfseg.widgets.model.request import Request

if TYPE_CHECKING:
    from napari_selfseg.protocol import Fit, Method

__all__ = ["Application", "add_applied", "add_smoothed"]


@dataclass(frozen=True)
class Application:
    """A fit and the image it is applied to.

    Attributes
    ----------
    fit : Fit
        What was learned.
    picture : Picture
        The image. A fit of planes takes the plane in view.
    superpixels : Superpixels or None
        For the vote; None for labels as the network gives them.
    void : Void or None
        Which pixels hold no data.
    """

    fit: Fit
    picture: Picture
    device: str
    threads: int
    superpixels: Any = None
    void: Void | None = None

    @property
    def index(self) -> Index:
        """The part of the image that is labelled."""
        return cut(self.picture, "plane" if self.fit.ndim == 2 else "whole")

    @property
    def request(self) -> Request:
        """The same by tiles."""
        return Request(
            self.picture,
            self.index,
            self.fit.method,
            device=self.device,
            threads=self.threads,
            start=self.fit,
            tiles=True,
            void=self.void,
        )

    def __call__(self) -> tuple[NDArray[Any], dict[str, Any]]:
        """Label the image; call it in a worker thread.

        Returns labels of the part, and the record of how they were made.

        Raises
        ------
        ValueError
            When the image does not fit what was learned.
        """
        from napari_selfseg.scale import apply_fit

        image, channels = self._read()
        mask = self._mask(image, channels)
        voting = self._over_segmented(image, channels, mask)
        labels, record = apply_fit(
            self.fit,
            image,
            channel_axis=-1 if channels else None,
            mask=mask,
            superpixels=voting,
            spacing=self._spacing,
            device=self.device,
            threads=self.threads,
            name=self.picture.name,
        )
        record["superpixels"] = None if voting is None else self.superpixels.as_dict()
        return labels, record

    def smoothed(self) -> NDArray[Any]:
        """Smooth the image; call it in a worker thread.

        Raises
        ------
        ValueError
            When the image does not fit what was learned, or that smooths nothing.
        """
        image, channels = self._read()
        axis = -1 if channels else None
        mask = self._mask(image, channels)
        how: dict[str, Any] = {"device": self.device, "threads": self.threads}
        return self.fit.smoothed(image, channel_axis=axis, mask=mask, **how)

    def _mask(self, image: NDArray[Any], channels: bool) -> NDArray[np.bool_] | None:
        return None if self.void is None else self.void.mask(image, channels)

    def _read(self) -> tuple[NDArray[Any], bool]:
        """Return the part, and whether its last axis holds channels."""
        image = read(self.picture, self.index)
        return image, image.ndim > len(shape_of(self.picture.shape, self.index))

    @property
    def _spacing(self) -> list[float]:
        pairs = zip(self.picture.scale, self.index, strict=True)
        return [abs(size) for size, each in pairs if isinstance(each, slice)]

    def _over_segmented(
        self, image: NDArray[Any], channels: bool, mask: NDArray[np.bool_] | None
    ) -> NDArray[Any] | None:
        from napari_selfseg.catalogue import over_segment

        if self.superpixels is None:
            return None
        axis = -1 if channels else None
        how: dict[str, Any] = {"channel_axis": axis, "spacing": self._spacing, "mask": mask}
        return over_segment(image, self.superpixels, **how)[0]


def add_applied(
    viewer: Any,
    source: Any,
    method: Method,
    index: Index,
    labels: NDArray[Any],
    record: dict[str, Any],
) -> Any:
    """Add labels of a part of an image, made by a fit, in the colours of its classes."""
    thin = [k for k, each in enumerate(index) if isinstance(each, int)]
    layer = Labels(
        np.expand_dims(labels, thin),
        name=f"{source.name} [{method.title}, applied]",
        colormap=palette(method.n_classes, free_hues(source)),
        metadata={METADATA: record, SHOWS: _kind(method)},
        **placed(source, index),
    )
    drawn_fast(layer)
    return viewer.add_layer(layer)


def _kind(method: Method) -> str:
    if method.instances:
        return "objects"
    return "segments" if method.segments else "classes"


def add_smoothed(viewer: Any, source: Any, done: Application, image: NDArray[Any]) -> list[Any]:
    """Add a smoothed image over the one it was made of.

    Layers are returned one for each channel that the image had as a layer of its own.
    """
    shape = shape_of(done.picture.shape, done.index, thin=True)
    channels = [image] if done.picture.rgb else np.moveaxis(image.reshape(*shape, -1), -1, 0)
    layers = [
        Image(
            np.reshape(each, (*shape, -1) if done.picture.rgb else shape),
            name=f"{name} [smoothed]",
            rgb=done.picture.rgb,
            metadata=made("overlay"),
            **placed(source, done.index),
        )
        for name, each in zip(done.picture.names, channels, strict=True)
    ]
    selected = viewer.layers.selection.active
    added = [viewer.add_layer(layer) for layer in layers]
    # The next run is one of the image, unless somebody selects what was made of it: from now on.
    viewer.layers.selection.active = selected
    for each in added:
        each.metadata.update(made("image"))
    return added
