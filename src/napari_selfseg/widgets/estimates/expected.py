"""What a request is going to take, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from napari_selfseg.widgets.model.overlay import Covered
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.model.stacking import FITTED

if TYPE_CHECKING:
    from napari_selfseg.protocol import Estimate, Tried
    from napari_selfseg.scale import TileLayout

__all__ = ["bytes_of", "count_of", "estimated", "estimated_tiles", "size_of"]

GIGABYTE: Final = 1e9


def estimated(request: Request, trials: Tried | None) -> Estimate:
    """Estimate a run; that of a stack is of all its planes."""
    from napari_selfseg.protocol import estimate
    from napari_selfseg.scale import estimate_stack

    along, how = request.along, _how(request)
    how |= {"threads": request.threads, "trials": trials}
    if request.stack is None:
        if request.start is not None:
            how["updates"] = request.method.iterations
        return estimate(request.shape, request.channels or 1, request.method, **how)
    way = request.stack
    how |= {"carry": way.carry, "iterations": way.iterations, "planes_fitted": FITTED}
    size = (along.plane, len(along), request.channels or 1)
    return estimate_stack(*size, request.method, **how)


def estimated_tiles(request: Request, layout: TileLayout, trials: Tried | None) -> Estimate:
    """Estimate labelling by tiles."""
    from napari_selfseg.scale import estimate_tiles

    return estimate_tiles(
        layout,
        request.shape,
        request.channels or 1,
        request.method,
        ndim=len(request.shape),
        device=request.device,
        precision=request.precision,
        threads=request.threads,
        masked=request.void is not None,
        trials=trials,
    )


def bytes_of(request: Request, shape: Sequence[int] | None = None) -> int:
    """Estimate the memory of a run that is not done by tiles; `shape` replaces its own."""
    from napari_selfseg.protocol import bytes_needed
    from napari_selfseg.scale import bytes_of_stack

    channels, how = request.channels or 1, _how(request)
    if request.stack is None:
        return bytes_needed(shape or request.shape, channels, request.method, **how)
    along, carry = request.along, request.stack.carry
    how |= {"carry": carry, "planes_fitted": FITTED}
    return bytes_of_stack(along.plane, len(along), channels, request.method, **how)


def _how(request: Request) -> dict[str, Any]:
    from napari_selfseg.protocol import GIVEN

    covered = isinstance(request.superpixels, Covered)
    return {
        "superpixels": GIVEN if covered else request.superpixels,
        "device": request.device,
        "precision": request.precision,
        "masked": request.void is not None,
        "scribbled": request.scribbles is not None,
    }


def size_of(request: Request) -> str:
    """Say how large the image is, such as ``"12 planes of 512 x 512 pixels"``."""
    along = request.along
    pixels = " x ".join(map(str, along.plane)) + " pixels"
    if request.stack is None:
        return pixels
    if request.stack.carry == "joint":
        return f"a model of {min(FITTED, len(along))} of {len(along)} planes of {pixels}"
    return f"{len(along)} planes of {pixels}"


def count_of(found: TileLayout) -> str:
    """Say how many tiles there are.

    Such as ``"12 tiles of 128 x 128 pixels, and 0.2 GB on the disk"``.
    """
    tile = " x ".join(map(str, found.tile))
    tiles = f"{found.tiles} tile{'s' * (found.tiles > 1)} of {tile} pixels"
    return f"{tiles}, and {max(found.disk / GIGABYTE, 0.001):.2g} GB on the disk"
