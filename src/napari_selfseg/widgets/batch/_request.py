"""What the Batch dock is asked for, checked; no Qt and no napari here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from napari_selfseg.widgets.model.axis_letters import lettered
from napari_selfseg.widgets.model.image_source import ALL, Picture, read

if TYPE_CHECKING:
    from napari_selfseg.io import ImageFile
    from napari_selfseg.scale import Recipe

__all__ = ["BatchRequest", "Form", "Layer", "check", "recipe_from"]

NO_IMAGES: Final = "Add the images first: files, a folder, or the layers that are open."
NO_FOLDER: Final = "Choose the folder for the results."
CLASSES, OBJECTS, AUTO, NUMBER = "classes", "objects", "auto", "number"
FINISHED: Final = "finished"


@dataclass(frozen=True)
class Form:
    """A recipe as it is filled in.

    Attributes
    ----------
    method : type
        The method.
    values : dict
        Its parameters.
    superpixels : type or None
        The algorithm; None takes what the method suggests.
    superpixel_values : dict
        Its parameters.
    labels : {"classes", "objects", "auto", "number", "finished"}
        What the labels are: classes, their connected pieces, segments, as many as suit or a number,
        or objects on a background.
    segments : int
        That number.
    smallest : int
        Pieces of fewer pixels are given to a neighbour; such objects are left out.
    precision : str
        As for `evolve`.
    carry : str or None
        How stacks are gone along; None takes them as a whole.
    """

    method: Any
    values: dict[str, Any]
    superpixels: Any
    superpixel_values: dict[str, Any]
    labels: str
    segments: int
    smallest: int
    precision: str
    carry: str | None


def recipe_from(form: Form) -> Recipe:
    """Make the recipe that is filled in.

    Raises
    ------
    ValueError
        When values do not go together.
    """
    from napari_selfseg.instances import AsObjects
    from napari_selfseg.scale import Recipe

    finished = form.labels == FINISHED
    segments: Any = {AUTO: "auto", NUMBER: form.segments}.get(form.labels)
    algorithm = form.superpixels
    return Recipe(
        form.method(**form.values),
        None if algorithm is None else algorithm(**form.superpixel_values),
        precision=form.precision,
        segments=segments,
        connected=form.labels == OBJECTS,
        minimum_size=0 if finished else form.smallest,
        finish=AsObjects(smallest=form.smallest) if finished else None,
        carry=form.carry,
    )


@dataclass(frozen=True)
class Layer:
    """An image layer, and the unit of its scale."""

    picture: Picture
    unit: str


@dataclass(frozen=True)
class BatchRequest:
    """A batch.

    Attributes
    ----------
    images : tuple of (str or Layer)
        Files, and layers.
    folder : str
        For the results.
    into_image : str or None
        Name of labels in the images themselves; None writes files into the folder.
    preview : bool
        Whether to write pictures as well.
    memory : int or None
        Bytes that a run may take; None for all there is.
    device : str
        As for `evolve`.
    """

    images: tuple[str | Layer, ...]
    recipe: Recipe
    folder: str
    into_image: str | None
    preview: bool
    memory: int | None
    device: str
    threads: int

    def collect(self) -> list[str | ImageFile]:
        """Read the layers, slow where they lie on a disk; files stay as they are."""
        return [each if isinstance(each, str) else _in_memory(each) for each in self.images]


def check(images: Sequence[object], folder: str) -> None:
    """Refuse a batch that cannot be.

    Raises
    ------
    ValueError
        With a sentence that says what is missing.
    """
    if not images:
        raise ValueError(NO_IMAGES)
    if not folder:
        raise ValueError(NO_FOLDER)


def _in_memory(layer: Layer) -> ImageFile:
    from napari_selfseg.io import ImageFile

    picture = layer.picture
    data = read(picture, (ALL,) * len(picture.shape))
    axes, unnamed = lettered(picture.axes or ("",) * len(picture.shape)) or ("", "")
    return ImageFile(
        data,
        -1 if data.ndim > len(picture.shape) else None,
        tuple(map(abs, picture.scale)),
        layer.unit,
        None,
        picture.name,
        axes + "c" * (data.ndim > len(picture.shape)),
        unnamed=unnamed,
    )
