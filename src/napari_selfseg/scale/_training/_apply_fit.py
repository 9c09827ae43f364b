"""A fit applied to an image it was not trained on, with a record of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_selfseg import record
from napari_selfseg.protocol import Finish, Fit, finished, outlined
from napari_selfseg.scale._training._collection import planes

__all__ = ["apply_fit"]


def apply_fit(
    fit: Fit,
    image: NDArray[Any],
    *,
    channel_axis: int | None = None,
    mask: NDArray[np.bool_] | None = None,
    superpixels: NDArray[np.integer[Any]] | None = None,
    spacing: Sequence[float] | None = None,
    finish: Finish | None = None,
    device: str | torch.device = "auto",
    threads: int | None = None,
    name: str = "",
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Label an image with the class ids of a fit; a fit of planes takes a stack plane by plane.

    Parameters
    ----------
    fit : Fit
        What was learned.
    image : ndarray
        ``(*spatial)`` with channels along `channel_axis`.
    channel_axis : int, optional
        Axis of the channels.
    mask : ndarray of bool, optional
        True where there are data.
    superpixels : ndarray of int, optional
        For the vote; labels as the network gives them without.
    spacing : sequence of float, optional
        Physical size of a pixel along each spatial axis, for outlines that follow the image.
    finish : Finish, optional
        What labels become at last, such as `napari_selfseg.AsObjects()`; of a stack each plane.
    device : str or torch.device
        As for `evolve`.
    threads : int, optional
        CPU threads.
    name : str
        What to call the image in the record.

    Returns
    -------
    labels : ndarray of uint8 or uint16
        ``(*spatial)``, classes from 1, 0 where there are no data.
    record : dict
        What was applied to what.

    Raises
    ------
    ValueError
        When the image does not fit what was learned.
    OutOfMemory, DeviceLost
        When memory does not suffice or the device fails.
    """
    if finish is not None:
        finish.check()
    how: dict[str, Any] = {"device": device, "threads": threads}
    if fit.ndim == 2 and image.ndim - (channel_axis is not None) == 3:
        axis = None if channel_axis is None else -1
        each = planes(image, channel_axis)
        masks, votes = (_each(one, len(each)) for one in (mask, superpixels))
        found = [
            fit.predict(plane, channel_axis=axis, mask=m, superpixels=s, **how)
            for plane, m, s in zip(each, masks, votes, strict=True)
        ]
        own = None if spacing is None else spacing[-2:]
        ending = [
            _ended(fit, *part, finish, {"channel_axis": axis, "spacing": own})
            for part in zip(found, each, masks, strict=True)
        ]
        labels = np.stack(ending)
    else:
        given: dict[str, Any] = {
            "channel_axis": channel_axis,
            "mask": mask,
            "superpixels": superpixels,
        }
        labels = fit.predict(image, **given, **how)
        where = {"channel_axis": channel_axis, "spacing": spacing}
        labels = _ended(fit, labels, image, mask, finish, where)
    made = {
        "software": record.software(),
        "applied": record.weights_hash(fit.weights),
        "fitted": fit.method.as_dict(),
        "images": [record.fingerprint(image, name)],
    }
    return labels, record.with_finish(made, None if finish is None else finish.as_dict())


def _ended(
    fit: Fit,
    labels: NDArray[Any],
    image: NDArray[Any],
    mask: Any,
    finish: Finish | None,
    where: dict[str, Any],
) -> NDArray[Any]:
    """Outline and finish labels."""
    labels = outlined(fit, labels, image, **where)
    return labels if finish is None else finished(fit, labels, image, finish, mask=mask, **where)


def _each(given: NDArray[Any] | None, n: int) -> list[Any]:
    return [None] * n if given is None else list(given)
