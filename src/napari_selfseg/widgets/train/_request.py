"""What the Train dock is asked for, checked; no Qt and no napari here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from napari_selfseg.widgets.model.image_source import Index, Picture, cut, read

if TYPE_CHECKING:
    from napari_selfseg.protocol import Method

__all__ = ["Collection", "TrainingRequest", "check"]

NO_SOURCE: Final = "Open an image layer, or choose a folder of images."
NO_FOLDER: Final = "Choose the folder with the images."
NO_MODEL: Final = "Say where to save the model."


@dataclass(frozen=True)
class Collection:
    """Images to train on.

    Attributes
    ----------
    images : list of ndarray
        Planes, or tiles of planes; channels last.
    channel_axis : int or None
        Of all of them.
    names : list of str
        What to call each in the record.
    shown : dict of int to tuple of slice
        Which of them are shown while training, and where in the plane they lie.
    shape : tuple of int
        Of that plane.
    first : ndarray or None
        That plane, where it is in no layer yet.
    mask : list of (ndarray of bool or None), or None
        Where each image has data; None where all have it everywhere.
    """

    images: list[NDArray[Any]]
    channel_axis: int | None
    names: list[str]
    shown: dict[int, tuple[slice, ...]]
    shape: tuple[int, int]
    first: NDArray[Any] | None = None
    mask: list[Any] | None = None


@dataclass(frozen=True)
class TrainingRequest:
    """A training.

    Attributes
    ----------
    model : str
        The file to write.
    picture : Picture or None
        The layer whose planes are the images; None where they lie in a folder.
    folder : str
        With the images.
    tile : int
        Longest side of the tiles planes are cut into; 0 leaves them whole.
    every : int
        Iterations between checkpoints.
    resume : bool
        Whether to go on with the model file where there is one.
    stable : float or None
        Share of pixels that keep their label at which to end.
    device : str
        As for `evolve`.
    """

    method: Method
    model: str
    picture: Picture | None
    folder: str
    tile: int
    every: int
    resume: bool
    stable: float | None
    device: str
    threads: int

    @property
    def index(self) -> Index:
        """The plane of the layer that is shown while training."""
        return () if self.picture is None else cut(self.picture, "plane")

    def collect(self) -> Collection:
        """Read the images; slow where they lie on a disk.

        Raises
        ------
        ValueError
            When they are of different kinds, or there are none.
        OSError
            When a file cannot be read.
        """
        return self._of_folder() if self.picture is None else self._of_layer(self.picture)

    def _of_folder(self) -> Collection:
        from napari_selfseg.io import read_image
        from napari_selfseg.scale import files_of, gathered, planes

        found = gathered([self.folder], planes=True, tile=self.tile or None)
        kept = found.with_data
        images, axis, names, _ = some = found.only(kept)
        file = read_image(files_of([self.folder])[0])
        stack = len(file.shape) == 3
        first = planes(file.data, file.channel_axis)[0] if stack else file.data
        spots = list(_tiles(first.shape[:2], self.tile))
        shape = (first.shape[0], first.shape[1])
        shown = {kept.index(k): spot for k, spot in enumerate(spots) if k in kept}
        return Collection(images, axis, names, shown, shape, first, some.mask)

    def _of_layer(self, picture: Picture) -> Collection:
        images: list[NDArray[Any]] = []
        shown: dict[int, tuple[slice, ...]] = {}
        height, width = (picture.shape[axis] for axis in picture.plane)
        for index in _planes(picture):
            plane = read(picture, index)
            for spot in _tiles((height, width), self.tile):
                if index == self.index:
                    shown[len(images)] = spot
                images.append(plane[spot])
        colours = images[0].ndim == 3
        names = [picture.name] * len(images)
        return Collection(images, -1 if colours else None, names, shown, (height, width))


def check(request: TrainingRequest) -> None:
    """Refuse a training that cannot be.

    Raises
    ------
    ValueError
        With a sentence that says what is missing.
    OSError
        When the model cannot be written there.
    """
    from napari_selfseg.io import check_target

    if request.picture is None and not request.folder:
        raise ValueError(NO_FOLDER)
    if request.picture is None and not Path(request.folder).is_dir():
        raise ValueError(f"There is no folder {request.folder}.")
    if not request.model:
        raise ValueError(NO_MODEL)
    check_target(request.model, (".safetensors",))


def _planes(picture: Picture) -> Iterator[Index]:
    lengths = [
        [slice(None)] if axis in picture.plane else range(n) for axis, n in enumerate(picture.shape)
    ]
    yield from product(*lengths)


def _tiles(shape: tuple[int, ...], size: int) -> Iterator[tuple[slice, ...]]:
    from napari_selfseg.scale import spots

    return spots(shape, size or max(shape))
