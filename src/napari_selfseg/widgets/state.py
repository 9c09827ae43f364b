"""From what the dock shows to a request that can run, or a sentence that says what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.parameters import ParameterError

if TYPE_CHECKING:
    from napari_selfseg.protocol import Method
    from napari_selfseg.superpixels import Superpixels

__all__ = [
    "NO_IMAGE",
    "Form",
    "Index",
    "Missing",
    "Overlay",
    "Part",
    "Picture",
    "Request",
    "resolve",
]

Index = tuple[int | slice, ...]
Part = Literal["plane", "whole"]
ALL: Final = slice(None)
NO_IMAGE: Final = "Open an image first (File > Open, or File > Open Sample > Self-Segmentation)."


@dataclass(frozen=True)
class Picture:
    """An image layer, as plain values.

    Attributes
    ----------
    name : str
        Of the layer.
    data : array_like
        In full resolution, ``(*spatial)``, colours last.
    rgb : bool
        Whether the last axis holds colours.
    scale : tuple of float
        Physical size of a pixel along each spatial axis.
    position : tuple of int
        The pixel in view along each spatial axis.
    plane : tuple of int
        The two spatial axes on the canvas.
    """

    name: str
    data: Any
    rgb: bool
    scale: tuple[float, ...]
    position: tuple[int, ...]
    plane: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Spatial shape."""
        return tuple(self.data.shape[: len(self.scale)])


@dataclass(frozen=True)
class Overlay:
    """A labels layer, as plain values.

    Attributes
    ----------
    name : str
        Of the layer.
    data : array_like
        Labels.
    """

    name: str
    data: Any


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
    name : str
        Of the image layer.
    data : array_like
        Of the image layer.
    rgb : bool
        Whether the last axis holds colours.
    index : tuple of int or slice
        The part to segment, along the spatial axes of `data`.
    method : Method
        With its parameters.
    superpixels : Superpixels, array_like or None
        Algorithm, or labels; None takes what the method suggests.
    superpixels_index : tuple of int or slice
        The part of the labels, where they are given.
    spacing : tuple of float
        Physical size of a pixel along each axis of the part.
    device, precision : str
        As for `napari_selfseg.evolve`.
    threads : int
        CPU threads.
    """

    name: str
    data: Any
    rgb: bool
    index: Index
    method: Method
    superpixels: Any
    superpixels_index: Index
    spacing: tuple[float, ...]
    device: str
    precision: str
    threads: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Spatial shape of the part."""
        lengths = zip(self.data.shape, self.index, strict=False)
        return tuple(n for n, each in lengths if isinstance(each, slice))

    @property
    def pixels(self) -> int:
        """Number of pixels of the part."""
        return prod(self.shape)

    def image(self) -> NDArray[Any]:
        """Read the part; slow where the data lie on a disk.

        Returns
        -------
        ndarray
            ``(*spatial)``, colours last. An alpha channel is left out.
        """
        colours = (slice(3),) if self.rgb else ()
        return np.asarray(self.data[self.index + colours])

    def over_segmentation(self) -> Any:
        """Read the labels that serve as superpixels.

        Returns
        -------
        Superpixels, ndarray or None
            An algorithm and None are returned as they are.
        """
        if self.superpixels is None or callable(self.superpixels):
            return self.superpixels
        return np.asarray(self.superpixels[self.superpixels_index])


class _Incomplete(Exception):  # noqa: N818 - not an error: something is still to be chosen
    pass


def resolve(form: Form, picture: Picture | None, overlay: Overlay | None) -> Request | Missing:
    """Check what is filled in against the layers that were chosen.

    Parameters
    ----------
    form : Form
        As filled in.
    picture : Picture or None
        The chosen image layer.
    overlay : Overlay or None
        The labels layer chosen as superpixels.

    Returns
    -------
    Request or Missing
    """
    try:
        return _resolved(form, picture, overlay)
    except (_Incomplete, ParameterError) as reason:
        return Missing(str(reason))


def _resolved(form: Form, picture: Picture | None, overlay: Overlay | None) -> Request:
    if picture is None:
        raise _Incomplete(NO_IMAGE)
    index = _part(form.part, picture)
    _check_axes(form, index)
    algorithm = form.superpixels(**form.superpixel_values) if form.superpixels else None
    return Request(
        name=picture.name,
        data=picture.data,
        rgb=picture.rgb,
        index=index,
        method=form.method(**form.values),
        superpixels=algorithm if overlay is None else overlay.data,
        superpixels_index=() if overlay is None else _fitting(overlay, picture, index),
        spacing=tuple(
            abs(size) for size, each in zip(picture.scale, index, strict=True) if each == ALL
        ),
        device=form.device,
        precision=form.precision,
        threads=form.threads,
    )


def _part(part: Part, picture: Picture) -> Index:
    ndim = len(picture.scale)
    if ndim < 2:
        raise _Incomplete(f"{picture.name} has one axis only: choose an image with two or three.")
    if part == "whole" or ndim == 2:
        return (ALL,) * ndim
    return tuple(
        ALL if axis in picture.plane else position for axis, position in enumerate(picture.position)
    )


def _check_axes(form: Form, index: Index) -> None:
    ndim = sum(each == ALL for each in index)
    kinds = [(form.method.title, form.method.ndims)]
    if form.superpixels:
        kinds.append((form.superpixels.title, form.superpixels.ndims))
    for title, ndims in kinds:
        if ndim not in ndims:
            works = " or ".join(f"{each}-D" for each in ndims)
            raise _Incomplete(
                f"{title} works on {works} images and this one has {ndim} axes: choose "
                "the plane in view, or something else."
            )


def _fitting(overlay: Overlay, picture: Picture, index: Index) -> Index:
    """Say which part of the labels belongs to the part of the image."""
    found = tuple(overlay.data.shape)
    if found == picture.shape:
        return index
    shape = tuple(n for n, each in zip(picture.shape, index, strict=True) if each == ALL)
    if found == shape:
        return (ALL,) * len(shape)
    raise _Incomplete(
        f"The superpixels layer {overlay.name} has shape {found} and the image {shape}: choose "
        "another layer or an algorithm."
    )
