"""An image of half the size, in the same place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.layers import Image
from napari.utils.transforms import Affine
from numpy.typing import NDArray

from napari_selfseg.widgets.canvas.layers import placed
from napari_selfseg.widgets.model.image_source import ALL
from napari_selfseg.widgets.model.overlay import Void

__all__ = ["add_halved", "halved"]


def halved(
    array: Any, axes: Sequence[int], void: Void | None = None, *, channels: bool = False
) -> NDArray[Any]:
    """Average pixels in pairs along some axes; slow where the data lie on a disk.

    The type stays, as does the last of an odd number of pixels. Of a pair of which one pixel has no
    data, the other is kept as it is.
    """
    found = np.asarray(array)
    for axis in axes:
        n = found.shape[axis]
        here = found.take(range(0, n, 2), axis=axis)
        there = found.take(np.minimum(np.arange(1, n + 1, 2), n - 1), axis=axis)
        mean = _mean(here, there)
        for one, other in ((here, there), (there, here)):
            if void is not None:
                none = ~void.mask(one, channels)
                mean[none] = other[none]
        found = mean
    return found


def add_halved(viewer: Any, source: Any, array: NDArray[Any], axes: Sequence[int]) -> Any:
    """Add the result of `halved` over the image it was made of."""
    n = source.ndim
    place = placed(source, (ALL,) * n)
    linear = Affine(scale=source.scale, rotate=source.rotate, shear=source.shear).linear_matrix
    # The middle of the first pixel is that of the two it was made of.
    place["translate"] = place["translate"] + linear @ [0.5 * (axis in axes) for axis in range(n)]
    place["scale"] = [s * (1 + (axis in axes)) for axis, s in enumerate(source.scale)]
    looks = {} if source.rgb else {"colormap": source.colormap, "gamma": source.gamma}
    layer = Image(array, name=f"{source.name} (half size)", rgb=source.rgb, **place, **looks)
    if not source.rgb:
        layer.contrast_limits = source.contrast_limits
    viewer.add_layer(layer)
    return layer


def _mean(here: NDArray[Any], there: NDArray[Any]) -> NDArray[Any]:
    if here.dtype.kind == "b":
        return here | there
    wide = here.dtype if here.dtype.kind in "fc" else np.dtype(np.float64)
    mean = (here.astype(wide) + there) / 2
    found: NDArray[Any] = (mean if here.dtype.kind in "fc" else np.rint(mean)).astype(here.dtype)
    return found
