"""What a run is going to take, said before it is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from napari_selfseg.widgets.overlay import Covered
from napari_selfseg.widgets.stacking import FITTED
from napari_selfseg.widgets.state import Request

if TYPE_CHECKING:
    from napari_selfseg.protocol import Throughput

__all__ = ["Forecast", "Prediction"]

GIGABYTE: Final = 1e9


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
    """

    sentence: str
    enough: bool
    allowed: bool


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
            words += f": more than the limit of {self._limit / GIGABYTE:.3g} GB. {_advice(request)}"
        elif not enough:
            words += f", with {free / GIGABYTE:.2g} GB free. {_advice(request)}"
        else:
            words += "."
        return Prediction(words, enough and allowed, allowed)

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


def _advice(request: Request) -> str:
    whole = request.shape == request.picture.shape and not isinstance(request.void, Covered)
    part = "segment what is in view first, " if whole else "choose a smaller area, "
    return f"To need less: {part}take fewer channels, or another device."
