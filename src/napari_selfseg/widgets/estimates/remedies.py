"""What to do about a run that has not the memory: each fills in the form; no Qt here."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from napari_selfseg.widgets.model.overlay import Covered
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.model.stacking import Stacking
from napari_selfseg.widgets.model.words import BY_TILES

__all__ = ["HALF", "Remedy", "remedies"]

HALF: Final = "Half the size"


@dataclass(frozen=True)
class Remedy:
    """What a button fills in.

    Attributes
    ----------
    words : str
        On the button.
    help : str
        What it does, in a sentence.
    area, part, way : str or None
        As in `Form` and `Stacking`; None leaves it.
    halved : tuple of int
        Axes of an image of half the size that is made and chosen.
    """

    words: str
    help: str
    area: str | None = None
    part: str | None = None
    way: str | None = None
    halved: tuple[int, ...] = ()


def remedies(
    request: Request, fits: Callable[[Request], bool], halved_fits: bool
) -> tuple[Remedy, ...]:
    """Return what can be done about a request that does not fit, the most of the image first.

    `halved_fits` says whether an image of half the size along each axis fits.
    """
    found = [*_by_planes(request, fits), *_by_tiles(request, fits)]
    found.append(Remedy("Rectangle", "Draw the part to segment on the canvas.", area="rectangle"))
    single = len(request.picture.names) == 1 and not request.picture.multiscale
    if halved_fits and single and _entire(request) and not _covered(request):
        axes = tuple(k for k, each in enumerate(request.index) if isinstance(each, slice))
        found.append(Remedy(HALF, "Add an image of half the size, and choose it.", halved=axes))
    return tuple(found)


def _by_planes(request: Request, fits: Callable[[Request], bool]) -> Iterator[Remedy]:
    n = len(request.shape)
    if request.stack is not None or n < 3 or request.scribbles is not None:
        return
    if n - 1 in request.method.ndims:
        apart = dataclasses.replace(request, stack=Stacking((0,), "independent"))
        if fits(apart):
            yield Remedy(
                "Plane by plane",
                "Every plane by itself, with the ids of its neighbour's regions.",
                way="independent",
            )


def _by_tiles(request: Request, fits: Callable[[Request], bool]) -> Iterator[Remedy]:
    # A part by tiles cannot be asked for.
    apart = request.stack is None and request.scribbles is None and _entire(request)
    if apart and fits(dataclasses.replace(request, tiles=True)):
        yield Remedy(BY_TILES, "Learn from samples, and label it tile by tile.", area="tiles")


def _entire(request: Request) -> bool:
    """Say whether all of the plane or volume is asked for."""
    return all(each == slice(None) for each in request.index if isinstance(each, slice))


def _covered(request: Request) -> bool:
    """Say whether layers are chosen that do not fit an image of another size."""
    chosen = (request.superpixels, request.void, request.scribbles)
    return any(isinstance(each, Covered) for each in chosen)
