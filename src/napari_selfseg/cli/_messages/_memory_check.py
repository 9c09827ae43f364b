"""What a run is going to take, and whether there is the memory for it."""

from __future__ import annotations

import argparse
import sys
from math import prod
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from napari_selfseg.io import ImageFile
    from napari_selfseg.protocol import Estimate, Method
    from napari_selfseg.scale import Given, Way

__all__ = ["expect"]

SMALLER: Final = "give a part of the image or one of half the size, or a smaller network"
TILES: Final = "add --memory SIZE, such as --memory 2GB, to work tile by tile, or "
PLANES: Final = "add --carry independent to go plane by plane, or "


def expect(
    args: argparse.Namespace,
    method: Method,
    image: ImageFile,
    given: Given,
    way: Way,
    *,
    entire: bool,
) -> None:
    """Refuse an image that is too large for memory; on a terminal, say what it takes.

    `entire` says that something was asked for that needs the whole image. The ValueError names the
    flags that help.
    """
    how = _how(args, given, image)
    if way == "planes":
        _expect_planes(args, method, image, {**how, "scribbled": False})
    else:
        _expect_whole(args, method, image, how, entire)


def _expect_whole(
    args: argparse.Namespace, method: Method, image: ImageFile, how: dict[str, Any], entire: bool
) -> None:
    from napari_selfseg.protocol import estimate, too_large

    apart = PLANES if len(image.shape) == 3 and 2 in method.ndims else ""
    tiles = "" if entire else TILES
    size = (image.shape, _channels(image), method)
    refused = too_large(*size, advice=apart + tiles + SMALLER, **how)
    if refused:
        raise ValueError(refused)
    if sys.stderr.isatty():
        _say(estimate(*size, threads=args.threads, **how), _pixels(image.shape), args.threads)


def _expect_planes(
    args: argparse.Namespace, method: Method, image: ImageFile, how: dict[str, Any]
) -> None:
    from napari_selfseg.protocol import too_large
    from napari_selfseg.scale import axes_along, estimate_stack, planes_together

    axes = axes_along(args.axis, method, image)
    plane = tuple(n for axis, n in enumerate(image.shape) if axis not in axes)
    planes = prod(image.shape[axis] for axis in axes)
    together = planes_together(args.carry, planes, args.planes_fitted)
    refused = too_large(plane, _channels(image), method, advice=SMALLER, images=together, **how)
    if refused:
        raise ValueError(refused)
    if sys.stderr.isatty():
        way: dict[str, Any] = {"carry": args.carry, "iterations": args.stack_iterations}
        way |= {"planes_fitted": args.planes_fitted, "threads": args.threads}
        found = estimate_stack(plane, planes, _channels(image), method, **way, **how)
        _say(found, f"{planes} planes of {_pixels(plane)}", args.threads)


def _how(args: argparse.Namespace, given: Given, image: ImageFile) -> dict[str, Any]:
    from napari_selfseg.protocol import GIVEN

    pieces = given.superpixels
    return {
        "superpixels": pieces if pieces is None or callable(pieces) else GIVEN,
        "device": args.device,
        "precision": args.precision,
        "masked": given.mask is not None or image.mask is not None,
        "scribbled": given.scribbles is not None,
    }


def _channels(image: ImageFile) -> int:
    axis = image.channel_axis
    return 1 if axis is None else int(image.data.shape[axis])


def _pixels(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) + " pixels"


def _say(found: Estimate, what: str, threads: int | None) -> None:
    from napari_selfseg.machine.load import stretched
    from napari_selfseg.protocol import in_words, resolve_threads

    words = in_words(found, stretched(resolve_threads(threads)))
    print(f"{words[:1].upper()}{words[1:]} for {what}.", file=sys.stderr)
