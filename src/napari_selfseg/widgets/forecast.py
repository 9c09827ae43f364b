"""What a run is going to take, said before it is started."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from napari_selfseg.widgets.overlay import Covered
from napari_selfseg.widgets.request import Request
from napari_selfseg.widgets.stacking import FITTED
from napari_selfseg.widgets.words import BY_TILES

if TYPE_CHECKING:
    from napari_selfseg.protocol import Throughput
    from napari_selfseg.scale import Foresight

__all__ = ["Forecast", "Prediction"]

GIGABYTE: Final = 1e9
# Of a tile in pixels: the first is seen soon, and Stop waits for one.
LARGEST: Final = 1024
ALONE: Final = (
    "sees each tile as an image of its own: regions may end where tiles meet. With Backprop, DIC "
    "and DSC they do not."
)


@dataclass(frozen=True)
class Prediction:
    """An estimate in words.

    Attributes
    ----------
    sentence : str
        Time and memory, and what to reduce where that is too much.
    enough : bool
        Whether there is memory for it.
    allowed : bool
        Whether it is within the limit the user set.
    layout : Foresight or None
        How the image is taken apart, where it is labelled by tiles.
    """

    sentence: str
    enough: bool
    allowed: bool
    layout: Foresight | None = None


class Forecast:
    """Estimates; the speed of each device is measured once.

    Parameters
    ----------
    limit : int or None
        Bytes a run may take; None for all there is.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._speeds: dict[tuple[str, str, int], Throughput] = {}

    @property
    def limited(self) -> bool:
        """Whether there is a limit to keep."""
        return self._limit is not None

    def __call__(self, request: Request) -> Prediction:
        """Estimate a run; the first time on a device that takes a few tenths of a second.

        Parameters
        ----------
        request : Request
            The run.

        Returns
        -------
        Prediction
        """
        from napari_selfseg.protocol import available_memory, estimate, fits_in_memory, in_words

        if request.tiles:
            return self._by_tiles(request)
        # Of a stack one plane is in memory at a time.
        found = estimate(
            request.along.plane,
            request.channels or 1,
            request.method,
            device=request.device,
            precision=request.precision,
            threads=request.threads,
            masked=request.void is not None,
            scribbled=request.scribbles is not None,
            throughput=self._speed(request),
            images=_together(request),
        )
        free = available_memory(request.device)
        allowed = self._limit is None or fits_in_memory(found, self._limit)
        enough = fits_in_memory(found, free)
        words = f"At most {in_words(found)} for {_size(request)}"
        if not allowed and self._limit is not None:
            words += f": more than the limit of {self._limit / GIGABYTE:.3g} GB"
        elif not enough:
            words += f", with {free / GIGABYTE:.2g} GB free"
        if enough and allowed:
            return Prediction(f"{words}.", enough=True, allowed=True)
        return Prediction(f"{words}. {self._advice(request)}", enough=False, allowed=allowed)

    def layout(self, request: Request) -> Foresight:
        """Say how an image is labelled by tiles within the limit, or half of what is free.

        Parameters
        ----------
        request : Request
            Of one plane or volume; with a `Request.start` nothing is to be learned.

        Returns
        -------
        Foresight

        Raises
        ------
        ValueError
            When not even a small tile fits.
        """
        from napari_selfseg.protocol import available_memory
        from napari_selfseg.scale import foreseen

        free = available_memory(request.device)
        return foreseen(
            request.shape,
            request.channels or 1,
            request.method,
            memory=min(self._limit or free // 2, free),
            ndim=len(request.shape),
            learned=request.start is not None,
            largest=LARGEST,
            device=request.device,
            precision=request.precision,
            threads=request.threads,
            masked=request.void is not None,
            throughput=self._speed(request),
        )

    def labels_whole(self, request: Request) -> bool:
        """Say whether an image can be labelled with what was learned without taking it apart.

        Parameters
        ----------
        request : Request
            With the method that was trained.

        Returns
        -------
        bool
        """
        from napari_selfseg.protocol import available_memory, bytes_to_predict

        needed = bytes_to_predict(request.method, request.channels or 1, request.shape)
        free = available_memory()
        return needed <= (free if self._limit is None else min(self._limit, free))

    def _by_tiles(self, request: Request) -> Prediction:
        try:
            found = self.layout(request)
        except ValueError as error:
            return Prediction(str(error), enough=False, allowed=False)
        tiles = _tiles(found)
        words = f"{tiles[:1].upper()}{tiles[1:]}."
        if request.method.reach is None:
            words += f" {request.method.title} {ALONE}"
        free = shutil.disk_usage(tempfile.gettempdir()).free
        if found.disk > free:
            words += f" The folder for temporary files has {free / GIGABYTE:.2g} GB left."
        return Prediction(words, found.disk <= free, True, found)

    def _advice(self, request: Request) -> str:
        """Say what to do about an image that is too large."""
        part = "choose a smaller area, "
        if request.shape == request.picture.shape and not isinstance(request.void, Covered):
            part = "segment what is in view first, "
        less = f"{part}take fewer channels, or another device."
        # A part by tiles cannot be asked for.
        entire = all(e == slice(None) for e in request.index if isinstance(e, slice))
        if entire and request.stack is None and request.scribbles is None:
            with contextlib.suppress(ValueError):
                found = self.layout(request)
                return f"Choose '{BY_TILES}' as the area: {_tiles(found)}. Or {less}"
        return f"To need less: {less}"

    def _speed(self, request: Request) -> Any:
        from napari_selfseg.protocol import measure_throughput

        key = (request.device, request.precision, request.threads)
        if key not in self._speeds:
            device, precision, threads = key
            self._speeds[key] = measure_throughput(
                device=device, precision=precision, threads=threads
            )
        return self._speeds[key]


def _size(request: Request) -> str:
    along = request.along
    pixels = " x ".join(map(str, along.plane)) + " pixels"
    if request.stack is None:
        return pixels
    if request.stack.carry == "joint":
        return f"a model of {_together(request)} of {len(along)} planes of {pixels}"
    return f"each of {len(along)} planes of {pixels}"


def _together(request: Request) -> int:
    joint = request.stack is not None and request.stack.carry == "joint"
    return min(FITTED, len(request.along)) if joint else 1


def _tiles(found: Foresight) -> str:
    """Say what labelling by tiles takes."""
    from napari_selfseg.protocol import in_words

    tile = " x ".join(map(str, found.tile))
    tiles = f"{found.tiles} tile{'s' * (found.tiles > 1)} of {tile} pixels"
    disk = max(found.disk / GIGABYTE, 0.001)
    return f"{in_words(found.estimate)} for {tiles}, and {disk:.2g} GB on the disk"
