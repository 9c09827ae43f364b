"""From what the dock shows to a request that can run, or a sentence that says what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.parameters import ParameterError
from napari_selfseg.widgets.overlay import Covered, Overlay, Void
from napari_selfseg.widgets.picture import Area, Index, Part, Picture, cut, read, shape_of
from napari_selfseg.widgets.stacking import Along, Stacking

if TYPE_CHECKING:
    from napari_selfseg.protocol import Fit, Method
    from napari_selfseg.superpixels import Superpixels

__all__ = ["NO_IMAGE", "NO_RECTANGLE", "Form", "Missing", "Request", "resolve"]

NO_IMAGE: Final = "Open an image first (File > Open, or File > Open Sample > Self-Segmentation)."
NO_RECTANGLE: Final = (
    "Draw a rectangle on the image: press Draw, then drag on the canvas. The last one drawn counts."
)
NO_STEERING: Final = (
    "Scribbles steer one image, and no stack that goes plane by plane: choose no scribbles, the "
    "plane in view, or a volume."
)


@dataclass(frozen=True)
class Form:
    """What is filled in.

    Attributes
    ----------
    method : type
        Chosen method.
    values : mapping
        Its parameters.
    superpixels : type or None
        Chosen algorithm; None takes what the method suggests, or a layer.
    superpixel_values : mapping
        Its parameters.
    part : {"plane", "whole"}
        How much of an image with more than two axes.
    area : {"all", "view", "rectangle"}
        How much of the plane on the canvas.
    stack : Stacking or None
        How the whole is taken apart; None for a volume.
    void : Void or None
        Which pixels hold no data.
    device, precision : str
        As for `napari_selfseg.evolve`.
    threads : int
        CPU threads.
    """

    method: type[Method]
    values: Mapping[str, Any]
    superpixels: type[Superpixels] | None = None
    superpixel_values: Mapping[str, Any] = field(default_factory=dict)
    part: Part = "whole"
    area: Area = "all"
    stack: Stacking | None = None
    void: Void | None = None
    device: str = "auto"
    precision: str = "auto"
    threads: int = 1


@dataclass(frozen=True)
class Missing:
    """Why nothing can run yet, and what to do about it.

    Attributes
    ----------
    sentence : str
        For a person.
    """

    sentence: str


@dataclass(frozen=True)
class Request:
    """A run that can be started.

    Attributes
    ----------
    picture : Picture
        The image.
    index : tuple of int or slice
        The part to segment, along its spatial axes.
    method : Method
        With its parameters.
    superpixels : Superpixels, Covered or None
        Algorithm, or labels; None takes what the method suggests.
    void : Void, Covered or None
        Which pixels hold no data: a rule, or labels that are 0 there.
    scribbles : Covered or None
        Classes from 1 where the user drew.
    device, precision : str
        As for `napari_selfseg.evolve`.
    threads : int
        CPU threads.
    start : Fit or None
        What to go on from.
    stack : Stacking or None
        How it is taken apart; None for one image.
    """

    picture: Picture
    index: Index
    method: Method
    superpixels: Any = None
    void: Void | Covered | None = None
    scribbles: Covered | None = None
    device: str = "auto"
    precision: str = "auto"
    threads: int = 1
    start: Fit | None = None
    stack: Stacking | None = None

    @property
    def along(self) -> Along:
        """The planes of a stack; one that is all, where it is no stack."""
        first = tuple(e if isinstance(e, int) else e.start or 0 for e in self.index)
        axes = self.stack.axes if self.stack else ()
        names = self.picture.axes or ("",) * len(first)
        return Along(axes, self.shape, names, first)

    @property
    def shape(self) -> tuple[int, ...]:
        """Spatial shape of the part."""
        return shape_of(self.picture.shape, self.index)

    @property
    def pixels(self) -> int:
        """Number of pixels of the part."""
        return prod(self.shape)

    @property
    def channels(self) -> int:
        """Channels of the image; 0 when there is no axis of them."""
        return 3 if self.picture.rgb else len(self.picture.data) * (len(self.picture.data) > 1)

    @property
    def source(self) -> dict[str, Any]:
        """Where the image comes from, for its record."""
        picture, places = self.picture, zip(self.index, self.picture.shape, strict=True)
        region = [e if isinstance(e, int) else list(e.indices(n)[:2]) for e, n in places]
        return {
            "layers": list(picture.names),
            "path": picture.path,
            "multiscale": picture.multiscale,
            "rgb": picture.rgb,
            "region": region if self.shape != picture.shape else None,
        }

    def arrays(self) -> dict[str, Any]:
        """Read the image and what lies over it; slow where the data lie on a disk.

        Returns
        -------
        dict
            Keyword arguments of `napari_selfseg.evolve`.
        """
        image = read(self.picture, self.index)
        given = self.superpixels
        return {
            "image": image,
            "channel_axis": -1 if self.channels else None,
            "superpixels": given.read() if isinstance(given, Covered) else given,
            "mask": self._mask(image),
            "scribbles": None if self.scribbles is None else self.scribbles.read(),
            "spacing": self.spacing,
            "name": self.picture.name,
        }

    def _mask(self, image: NDArray[Any]) -> NDArray[np.bool_] | None:
        if isinstance(self.void, Covered):
            return self.void.read() != 0
        return None if self.void is None else self.void.mask(image, bool(self.channels))

    @property
    def spacing(self) -> tuple[float, ...]:
        """Physical size of a pixel along each axis of the part."""
        pairs = zip(self.picture.scale, self.index, strict=True)
        return tuple(abs(size) for size, each in pairs if isinstance(each, slice))


class _Incomplete(Exception):  # noqa: N818 - not an error: something is still to be chosen
    pass


def resolve(
    form: Form,
    picture: Picture | None,
    *,
    superpixels: Overlay | None = None,
    mask: Overlay | None = None,
    scribbles: Overlay | None = None,
) -> Request | Missing:
    """Check what is filled in against the layers that were chosen.

    Parameters
    ----------
    form : Form
        As filled in.
    picture : Picture or None
        The chosen image.
    superpixels, mask, scribbles : Overlay or None
        The labels layers chosen for these.

    Returns
    -------
    Request or Missing
    """
    try:
        if picture is None:
            raise _Incomplete(NO_IMAGE)
        index = _index(form, picture)
        _check_axes(form, index)
        if form.stack and scribbles is not None:
            raise _Incomplete(NO_STEERING)
        algorithm = form.superpixels(**form.superpixel_values) if form.superpixels else None
        method = form.method(**form.values)
        _check_use(method, algorithm or superpixels)
        return Request(
            picture,
            index,
            method,
            superpixels=_over(superpixels, picture, index, "superpixels") or algorithm,
            void=_over(mask, picture, index, "mask") or form.void,
            scribbles=_over(scribbles, picture, index, "scribbles"),
            device=form.device,
            precision=form.precision,
            threads=form.threads,
            stack=form.stack,
        )
    except (_Incomplete, ParameterError) as reason:
        return Missing(str(reason))


def _index(form: Form, picture: Picture) -> Index:
    if len(picture.scale) < 2:
        raise _Incomplete(f"{picture.name} has one axis only: choose an image with two or three.")
    if form.area == "rectangle" and picture.rectangle is None:
        raise _Incomplete(NO_RECTANGLE)
    if form.area == "rectangle" and not picture.reaches(picture.rectangle or ()):
        raise _Incomplete(f"The rectangle lies outside {picture.name}: draw one on it.")
    return cut(picture, form.part, form.area)


def _check_axes(form: Form, index: Index) -> None:
    ndim = sum(isinstance(each, slice) for each in index)
    ndim -= len(form.stack.axes) if form.stack else 0
    kinds = [(form.method.title, form.method.ndims)]
    if form.superpixels:
        kinds.append((form.superpixels.title, form.superpixels.ndims))
    for title, ndims in kinds:
        if ndim not in ndims:
            works = " or ".join(f"{each}-D" for each in ndims)
            raise _Incomplete(
                f"{title} works on {works} images and this one has {ndim} axes: choose "
                "the plane in view, another way along the stack, or something else."
            )


def _check_use(method: Method, superpixels: object) -> None:
    if superpixels is not None and method.default_superpixels() is None:
        raise _Incomplete(
            f"{method.title} uses no superpixels as it is set: choose 'As the method suggests'."
        )


def _over(overlay: Overlay | None, picture: Picture, index: Index, what: str) -> Covered | None:
    if overlay is None:
        return None
    found = overlay.over(picture, index)
    if found is None:
        shape = shape_of(picture.shape, index)
        raise _Incomplete(
            f"The {what} layer {overlay.name} has shape {tuple(overlay.data.shape)} and does not "
            f"cover the part of {picture.name} to segment, {shape}: choose another layer or part."
        )
    return Covered(overlay.data, found)
