"""Final labels finished as somebody asked: what is needed of a run or a fit for that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from napari_selfseg.protocol._given._checks import as_channels_first, as_mask, as_spacing
from napari_selfseg.protocol._method._finish import Finish
from napari_selfseg.protocol._results._outlining import Learned

__all__ = ["finished"]


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
