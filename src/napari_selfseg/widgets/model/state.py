"""From what the dock shows to a request that can run, or a sentence that says what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from napari_selfseg.outlines import SUPERPIXELS
from napari_selfseg.parameters import ParameterError
from napari_selfseg.widgets.model.image_source import Area, Index, Part, Picture, cut, shape_of
from napari_selfseg.widgets.model.overlay import Covered, Overlay, Void
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.model.stacking import Stacking

if TYPE_CHECKING:
    from napari_selfseg.protocol import Finish, Method
    from napari_selfseg.superpixels import Superpixels

__all__ = ["A_STACK", "DEPTH_OR_TIME", "NO_IMAGE", "NO_RECTANGLE", "Form", "Missing", "resolve"]

A_STACK: Final = (
    "This image is a stack: choose under Part the plane in view or the whole stack, then press Run."
)
DEPTH_OR_TIME: Final = (
    "This stack does not say what its first axis is: choose under Stack 'As one volume' where it "
    "is depth, or a way plane by plane where it is time, or images of their own."
)
NO_IMAGE: Final = "Open an image first (File > Open, or File > Open Sample > Self-Segmentation)."
NO_RECTANGLE: Final = (
    "Draw a rectangle on the image: press Draw, then drag on the canvas. The last one drawn counts."
)
NO_STEERING: Final = (
    "Scribbles steer one image, and no stack that goes plane by plane: choose no scribbles, the "
    "plane in view, or a volume."
)
NO_SHOWING: Final = (
    "Strokes show the objects of one image: choose the plane in view as the part, and Run; then "
    "Apply (Result, under More) finds objects like these in each other plane that you turn to."
)
NO_TILES: Final = (
    "Tiles are for one plane or one volume: for a stack that goes plane by plane choose another "
    "area (under More), or the plane in view."
)
NO_FINISHED_TILES: Final = (
    "Segments are finished as objects in an image as a whole, and tiles are parts of it: choose "
    "Segments, or another area (under More)."
)
NO_OUTLINED_TILES: Final = (
    "Outlines that follow the image need all of it in memory, and tiles are parts of it: choose "
    "Borders follow: superpixels, or another area (under More)."
)
NO_STEERED_TILES: Final = (
    "Scribbles steer one image in memory, and no tiles: choose no scribbles or another area "
    "(under More)."
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
    area : {"all", "tiles", "view", "rectangle"}
        How much of the plane on the canvas.
    stack : Stacking or None
        How the whole is taken apart; None for a volume.
    undecided : bool
        Whether it is still to be said which of the two the whole is.
    void : Void or None
        Which pixels hold no data.
    device, precision : str
        As for `napari_selfseg.evolve`.
    objects : bool
        Whether labels are to be objects on a background.
    """

    method: type[Method]
    values: Mapping[str, Any]
    superpixels: type[Superpixels] | None = None
    superpixel_values: Mapping[str, Any] = field(default_factory=dict)
    part: Part = "whole"
    area: Area = "all"
    stack: Stacking | None = None
    undecided: bool = False
    void: Void | None = None
    device: str = "auto"
    precision: str = "auto"
    threads: int = 1
    objects: bool = False


@dataclass(frozen=True)
class Missing:
    """Why nothing can run yet, and what to do about it: a sentence for a person."""

    sentence: str


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
    """Check what is filled in against the layers that were chosen."""
    try:
        if picture is None:
            raise _Incomplete(NO_IMAGE)
        if form.undecided:
            raise _Incomplete(DEPTH_OR_TIME)
        index = _index(form, picture)
        _check_axes(form, index)
        _check_apart(form, scribbles)
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
            tiles=form.area == "tiles",
            finish=_finish(form),
        )
    except (_Incomplete, ParameterError) as reason:
        return Missing(str(reason))


def _finish(form: Form) -> Finish | None:
    """Return what segments become; a method that finds objects itself has nothing to finish."""
    from napari_selfseg.instances import AsObjects

    return AsObjects() if form.objects and not form.method.instances else None


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


def _check_apart(form: Form, scribbles: Overlay | None) -> None:
    """Refuse what does not go with an image that is taken apart."""
    if form.stack and form.area == "tiles":
        raise _Incomplete(NO_TILES)
    if form.stack and scribbles is not None:
        raise _Incomplete(NO_SHOWING if form.method.instances else NO_STEERING)
    if form.area == "tiles" and scribbles is not None:
        raise _Incomplete(NO_STEERED_TILES)
    if form.area == "tiles" and form.objects and not form.method.instances:
        raise _Incomplete(NO_FINISHED_TILES)
    if form.area == "tiles" and form.values.get("outlines", SUPERPIXELS) != SUPERPIXELS:
        raise _Incomplete(NO_OUTLINED_TILES)


def _check_use(method: Method, superpixels: object) -> None:
    if superpixels is not None and method.default_superpixels() is None:
        raise _Incomplete(
            f"{method.title} uses no small starting pieces as it is set: choose 'As the method "
            "suggests' under More."
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
