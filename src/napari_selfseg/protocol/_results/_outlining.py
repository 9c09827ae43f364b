"""The last steps of labels, of a run or of a fit: outlined along the image, and finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.colours import lab
from napari_selfseg.outlines import SUPERPIXELS, refined
from napari_selfseg.protocol._given._checks import as_channels_first, as_mask, as_spacing
from napari_selfseg.protocol._given._scaling import Scaling
from napari_selfseg.protocol._method._finish import Finish
from napari_selfseg.protocol._method._method import Method
from napari_selfseg.protocol._results._ballot_box import Latest
from napari_selfseg.protocol._results._pictured import pictured, seen_plane
from napari_selfseg.record import check_image

__all__ = ["Outlining", "finished", "outlined"]


class Learned(Protocol):
    """What is read of a fit."""

    @property
    def method(self) -> Method:
        """See `Fit.method`."""

    @property
    def scaling(self) -> Scaling:
        """See `Fit.scaling`."""


class Outlining:
    """Lets the borders of labels follow the images of a run.

    The images are those that were given and no copies, so they are compared with the record
    before they are read again.

    Parameters
    ----------
    images : sequence of array_like
        As they were given to the run.
    masks : sequence of ndarray or None
        True where there are data.
    scaling : Scaling
        Of the run.
    record : mapping
        Of the run, with ``"images"``, ``"channel_axis"`` and ``"spacing"``.
    background : bool
        Whether label 0 is a background, whose borders move as well, and not only no data.
    """

    def __init__(
        self,
        images: Sequence[Any],
        masks: Sequence[NDArray[np.bool_] | None],
        scaling: Scaling,
        record: Mapping[str, Any],
        *,
        background: bool = False,
    ) -> None:
        self._images, self._masks, self._scaling = images, masks, scaling
        self._record, self._background = record, background
        self._colours = Latest[NDArray[Any]]()
        self._plane = Latest[NDArray[np.float32] | None]()

    def __call__(
        self, labels: NDArray[Any], image: int, strokes: NDArray[Any] | None
    ) -> NDArray[Any]:
        """Move borders to where the image has them; ValueError when that was changed since the run.

        Parameters
        ----------
        labels : ndarray of int
            ``(*spatial)``; 0, no data, stays.
        strokes : ndarray of int or None
            ``(*spatial)``; what was drawn on keeps its label.
        """
        colours = self._colours.get(image, lambda: self._read(image))
        spacing = self._record["spacing"]
        if self._background:
            return _with_background(labels, colours, self._masks[image], spacing)
        found = refined(labels, colours, spacing=spacing, keep=strokes)
        return found.astype(labels.dtype)

    def finished(self, labels: NDArray[Any], image: int, finish: Finish) -> NDArray[Any]:
        """Finish labels, which may have been outlined: a new array.

        ValueError when the image was changed since the run, or the finish does not suit it.
        """
        given, valid = self._images[image], self._masks[image]
        check_image(given, self._record["images"][image])
        array = as_channels_first(given, self._record["channel_axis"], (labels.ndim,))
        return finish(
            labels,
            self._scaling(array, valid),
            valid=valid,
            spacing=tuple(self._record["spacing"]),
            instances=self._background,
        )

    def pictured(self, labels: NDArray[Any], image: int = 0) -> NDArray[np.uint8]:
        """Draw labels over their image, which is read once.

        Parameters
        ----------
        labels : ndarray of int
            ``(*spatial)``.
        image : int
            Of which image; where it was changed since the run, labels are drawn alone.

        Returns
        -------
        ndarray of uint8
            ``(y, x, 3)``, of a volume the middle plane.
        """
        return pictured(labels, self._plane.get(image, lambda: self._seen(image)))

    def _seen(self, image: int) -> NDArray[np.float32] | None:
        given = self._images[image]
        try:
            check_image(given, self._record["images"][image])
        except ValueError:
            return None
        return seen_plane(given, self._record["channel_axis"])

    def _read(self, image: int) -> NDArray[Any]:
        given, axis = self._images[image], self._record["channel_axis"]
        check_image(given, self._record["images"][image])
        return _colours(given, axis, self._masks[image], self._scaling)


def outlined(
    fit: Learned,
    labels: NDArray[Any],
    image: Any,
    *,
    channel_axis: int | None = None,
    spacing: Sequence[float] | None = None,
) -> NDArray[Any]:
    """Finish labels that a fit predicted, as its method says.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)``, 0 where there are no data.
    image : array_like
        ``(*spatial)``, with channels along `channel_axis`.
    channel_axis : int, optional
        Axis of the channels; None when there is none.
    spacing : sequence of float, optional
        Physical size of a pixel along each spatial axis; ones by default.

    Returns
    -------
    ndarray of int
        The labels themselves, or new ones whose borders follow the image; of the same type.
    """
    if fit.method.outlines == SUPERPIXELS:
        return labels
    if fit.method.instances:
        colours = _colours(image, channel_axis, None, fit.scaling)
        return _with_background(labels, colours, None, spacing)
    colours = _colours(image, channel_axis, labels > 0, fit.scaling)
    return refined(labels, colours, spacing=spacing).astype(labels.dtype)


def finished(
    fit: Learned,
    labels: NDArray[Any],
    image: Any,
    finish: Finish,
    *,
    channel_axis: int | None = None,
    mask: Any = None,
    spacing: Sequence[float] | None = None,
) -> NDArray[Any]:
    """Finish labels that a fit predicted.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)``, 0 where there are no data.
    image : array_like
        ``(*spatial)``, with channels along `channel_axis`.
    finish : Finish
        What they become.
    channel_axis : int, optional
        Axis of the channels; None when there is none.
    mask : array_like of bool, optional
        True where there are data.
    spacing : sequence of float, optional
        Physical size of a pixel along each spatial axis; ones by default.

    Returns
    -------
    ndarray of int
        New labels.

    Raises
    ------
    ValueError
        As the finish does.
    """
    array = as_channels_first(image, channel_axis, fit.method.ndims)
    valid = as_mask(mask, array.shape[1:])
    return finish(
        labels,
        fit.scaling(array, valid),
        valid=valid,
        spacing=as_spacing(spacing, labels.ndim),
        instances=fit.method.instances,
    )


def _with_background(
    labels: NDArray[Any],
    colours: NDArray[Any],
    valid: NDArray[np.bool_] | None,
    spacing: Sequence[float] | None,
) -> NDArray[Any]:
    # The background is a label meanwhile, so that its borders move too; 0 is no data.
    above = labels.astype(np.int32) + 1
    if valid is not None:
        above[(labels == 0) & ~valid] = 0
    found = refined(above, colours, spacing=spacing)
    return np.maximum(found - 1, 0).astype(labels.dtype)


def _colours(
    image: Any, channel_axis: int | None, valid: NDArray[np.bool_] | None, scaling: Scaling
) -> NDArray[Any]:
    """Return ``(*spatial, C)`` on the scale of CIE Lab."""
    array = np.asarray(image)
    array = array[np.newaxis] if channel_axis is None else np.moveaxis(array, channel_axis, 0)
    return lab(np.moveaxis(scaling(array, valid), 0, -1)).astype(np.float32)
