"""What a run is going to take, and whether there is the memory for it."""

from __future__ import annotations

import argparse
import sys
from math import prod
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from napari_selfseg.io import ImageFile
    from napari_selfseg.protocol import Estimate, Method

__all__ = ["expect_run", "expect_stack"]

SMALLER: Final = "give a part of the image or one of half the size, or a smaller network"
TILES: Final = "add --memory SIZE, such as --memory 2GB, to work tile by tile, or "
PLANES: Final = "add --carry independent to go plane by plane, or "


def expect_run(
    args: argparse.Namespace,
    method: Method,
    image: ImageFile,
    options: dict[str, Any],
    *,
    entire: bool,
) -> None:
    """Refuse an image that is too large for memory; on a terminal, say what it takes.

    Parameters
    ----------
    args : argparse.Namespace
        Of ``segment``.
    method : Method
        To be run.
    image : ImageFile
        The image.
    options : dict
        As for `evolve`.
    entire : bool
        Whether something was asked for that needs the whole image.

    Raises
    ------
    ValueError
        With the flags that help.
    """
    from napari_selfseg.protocol import estimate, too_large

    apart = PLANES if len(image.shape) == 3 and 2 in method.ndims else ""
    tiles = "" if entire else TILES
    how, size = _how(options), (image.shape, _channels(image), method)
    refused = too_large(*size, advice=apart + tiles + SMALLER, **how)
    if refused:
        raise ValueError(refused)
    if sys.stderr.isatty():
        _say(estimate(*size, threads=args.threads, **how), _pixels(image.shape))


def expect_stack(
    args: argparse.Namespace, method: Method, image: ImageFile, options: dict[str, Any]
) -> None:
    """Refuse a stack whose planes are too large for memory; on a terminal, say what it takes.

    Parameters
    ----------
    args : argparse.Namespace
        Of ``segment``, with ``--carry``.
    method : Method
        To be run.
    image : ImageFile
        The stack.
    options : dict
        As for `evolve`.

    Raises
    ------
    ValueError
        With what helps.
    """
    from napari_selfseg.protocol import too_large
    from napari_selfseg.scale import axes_along, estimate_stack, planes_together

    axes = axes_along(args.axis, method, image)
    plane = tuple(n for axis, n in enumerate(image.shape) if axis not in axes)
    planes = prod(image.shape[axis] for axis in axes)
    together = planes_together(args.carry, planes, args.planes_fitted)
    how = _how({**options, "scribbles": None})
    refused = too_large(plane, _channels(image), method, advice=SMALLER, images=together, **how)
    if refused:
        raise ValueError(refused)
    if sys.stderr.isatty():
        way: dict[str, Any] = {"carry": args.carry, "iterations": args.stack_iterations}
        way |= {"planes_fitted": args.planes_fitted, "threads": args.threads}
        found = estimate_stack(plane, planes, _channels(image), method, **way, **how)
        _say(found, f"{planes} planes of {_pixels(plane)}")


def _how(options: dict[str, Any]) -> dict[str, Any]:
    from napari_selfseg.protocol import GIVEN

    given = options["superpixels"]
    return {
        "superpixels": given if given is None or callable(given) else GIVEN,
        "device": options["device"],
        "precision": options["precision"],
        "masked": options["mask"] is not None,
        "scribbled": options["scribbles"] is not None,
    }


def _channels(image: ImageFile) -> int:
    axis = image.channel_axis
    return 1 if axis is None else int(image.data.shape[axis])


def _pixels(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) + " pixels"


def _say(found: Estimate, what: str) -> None:
    from napari_selfseg.protocol import in_words

    words = in_words(found)
    print(f"{words[:1].upper()}{words[1:]} for {what}.", file=sys.stderr)
