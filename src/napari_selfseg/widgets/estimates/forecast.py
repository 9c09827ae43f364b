"""What a run is going to take, said before it is started."""

from __future__ import annotations

import dataclasses
import functools
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_selfseg.widgets.estimates.expected import (
    bytes_of,
    count_of,
    estimated,
    estimated_tiles,
    size_of,
)
from napari_selfseg.widgets.estimates.remedies import Remedy, remedies
from napari_selfseg.widgets.model.image_source import Picture
from napari_selfseg.widgets.model.request import Request

if TYPE_CHECKING:
    from napari_selfseg.protocol import Estimate, Method, Question, Trial, Tried
    from napari_selfseg.scale import TileLayout

__all__ = ["Forecast", "Prediction"]

GIGABYTE: Final = 1e9
# Of a tile in pixels: the first is seen soon, and Stop waits for one.
LARGEST: Final = 1024
ALONE: Final = (
    "sees each tile as an image of its own: regions may end where tiles meet. With Backprop, DIC "
    "and DSC, or Consensus without networks, they do not."
)


@dataclass(frozen=True)
class Prediction:
    """An estimate in words.

    Attributes
    ----------
    sentence : str
        Time and memory, or what to reduce where that is too much.
    enough : bool
        Whether there is the memory, and the user allows it: no run starts without.
    layout : TileLayout or None
        How the image is taken apart, where it is labelled by tiles.
    remedies : tuple of Remedy
        What can be done where there is not enough.
    taken : Estimate or None
        In numbers; of a computer that does nothing else.
    """

    sentence: str
    enough: bool
    layout: TileLayout | None = None
    remedies: tuple[Remedy, ...] = ()
    taken: Estimate | None = None


class Forecast:
    """Makes estimates.

    Parameters
    ----------
    limit : int or None
        Bytes a run may take; None for all there is.
    trials : callable, optional
        As for `napari_selfseg.protocol.estimate`.
    """

    def __init__(self, limit: int | None, trials: Tried | None = None) -> None:
        self._limit = limit
        self._asked = trials

    @functools.cached_property
    def _trials(self) -> Tried:
        """What answers; it remembers, also where nothing can be kept."""
        from napari_selfseg.protocol import Trials

        return self._asked or Trials()

    def __call__(self, request: Request, wanted: Callable[[], bool] = lambda: True) -> Prediction:
        """Estimate a run; the first time with a method that takes about a second.

        `wanted` says whether somebody still waits for it.

        Raises
        ------
        Unwanted
            When nobody does.
        """
        from napari_selfseg.protocol import in_words

        def tried(question: Question) -> Trial:
            return self._trials(dataclasses.replace(question, wanted=wanted))

        found = self.room(request)
        if not found.enough:
            return found
        if found.layout is not None:
            taken, what = estimated_tiles(request, found.layout, tried), count_of(found.layout)
        else:
            taken, what = estimated(request, tried), size_of(request)
        words = f"{in_words(taken, _stretched(request))} for {what}"
        sentence = f"{_capital(words)}.{_alone(request) if found.layout else ''}"
        return dataclasses.replace(found, sentence=sentence, taken=taken)

    def room(self, request: Request) -> Prediction:
        """Say whether there is memory for a run, which takes no time.

        An empty sentence where there is.
        """
        try:
            return self._by_tiles(request) if request.way == "tiles" else self._at_once(request)
        except ValueError as error:
            return Prediction(str(error), enough=False)

    def layout(self, request: Request) -> TileLayout:
        """Say how an image is labelled by tiles within the limit, or half of what is free.

        The request is of one plane or volume; with a `Request.start` nothing is to be learned.

        Raises
        ------
        ValueError
            When not even a small tile fits.
        """
        from napari_selfseg.protocol import available_memory
        from napari_selfseg.scale import lay_out_tiles

        free = available_memory(request.device)
        return lay_out_tiles(
            request.shape,
            request.channels or 1,
            request.method,
            memory=min(self._limit or free // 2, free),
            ndim=len(request.shape),
            learned=request.start is not None,
            largest=LARGEST,
            device=request.device,
            precision=request.precision,
            masked=request.void is not None,
        )

    def labels_whole(self, request: Request) -> bool:
        """Say whether an image can be labelled as a whole with a method that was trained."""
        from napari_selfseg.protocol import bytes_to_predict

        needed = bytes_to_predict(request.method, request.channels or 1, request.shape)
        return needed <= self._free("cpu", needed)

    def fits(self, method: Method, picture: Picture, shape: Sequence[int]) -> bool:
        """Say whether a run on an image of some spatial shape fits.

        Of the picture the channels count.
        """
        from napari_selfseg.protocol import bytes_needed

        channels = 3 if picture.rgb else len(picture.data)
        needed = bytes_needed(shape, channels, method, device="cpu")
        return needed <= self._free("cpu", needed)

    def _at_once(self, request: Request) -> Prediction:
        needed = bytes_of(request)
        free = self._free(request.device, needed)
        if needed <= free:
            return Prediction("", enough=True)
        from napari_selfseg.protocol import size_in_words

        found = remedies(request, self._fits, self._halved_fits(request))
        words = f"{size_of(request)} {'take' if request.stack else 'takes'} about"
        words = f"{_capital(words)} {size_in_words(needed)}, and {self._said(free)}."
        return Prediction(f"{words} {self._advice(request, found)}", False, remedies=found)

    def _by_tiles(self, request: Request) -> Prediction:
        found = self.layout(request)
        free = shutil.disk_usage(tempfile.gettempdir()).free
        if found.disk <= free:
            return Prediction("", True, found)
        return Prediction(
            f"The labels take {found.disk / GIGABYTE:.2g} GB, and the folder for temporary files "
            f"has {free / GIGABYTE:.2g} GB left: make room there, or choose a smaller area.",
            False,
            found,
        )

    def _free(self, device: str, wanted: int) -> int:
        from napari_selfseg.protocol import available_memory

        free = available_memory(device, wanted)
        return free if self._limit is None else min(self._limit, free)

    def _fits(self, request: Request) -> bool:
        if request.way == "tiles":
            return self.room(request).enough
        needed = bytes_of(request)
        return needed <= self._free(request.device, needed)

    def _halved_fits(self, request: Request) -> bool:
        needed = bytes_of(request, [-(-n // 2) for n in request.shape])
        return needed <= self._free(request.device, needed)

    def _said(self, free: int) -> str:
        from napari_selfseg.protocol import size_in_words

        limited = self._limit is not None and free >= self._limit
        if limited:
            return f"that is more than the limit of {free / GIGABYTE:.3g} GB"
        return f"{size_in_words(max(free, 1))} are free"

    def _advice(self, request: Request, found: Sequence[Remedy]) -> str:
        """Say what to do about an image that is too large."""
        tiles = next((each for each in found if each.area == "tiles"), None)
        less = "choose a smaller area, take fewer channels, or another device."
        if tiles is None:
            return f"To need less: {less}"
        layout = self.layout(dataclasses.replace(request, tiles=True))
        return f"Choose '{tiles.words}' as the area: {count_of(layout)}. Or {less}"


def _stretched(request: Request) -> float:
    """Say how many times as long a run takes because of other programs."""
    from napari_selfseg.machine.load import stretched
    from napari_selfseg.protocol import resolve_device

    on_processors = resolve_device(request.device).type == "cpu"
    return stretched(request.threads or 1) if on_processors else 1.0


def _alone(request: Request) -> str:
    method = request.method
    alone = method.reach is None and method.blockwise() is None and method.tilewise() is None
    return f" {method.title} {ALONE}" if alone else ""


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
