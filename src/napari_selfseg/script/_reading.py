"""Where the image of a record is, as Python that reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["FILES", "images", "literal", "source_of", "variables"]

# What `read_image` reads; any other name is one of a layer.
FILES = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".zarr")


def images(record: Mapping[str, Any]) -> str:
    """Write how each image is read, and a check that it is the recorded one.

    Parameters
    ----------
    record : mapping
        Of the labels.

    Returns
    -------
    str
    """
    found = record["images"]
    lines = []
    for variable, image in zip(variables(record), found, strict=True):
        lines += _reading(variable, str(image["name"]), record)
        keys = ("name", "shape", "dtype", "sha256")
        rows = "".join(f"        {key!r}: {literal(image[key])},\n" for key in keys)
        lines.append(f"ss.check_image(\n    {variable},\n    {{\n{rows}    }},\n)")
    return "\n".join(lines) + "\n"


def variables(record: Mapping[str, Any]) -> list[str]:
    """Name the variables of the images.

    Parameters
    ----------
    record : mapping
        Of the labels.

    Returns
    -------
    list of str
    """
    if not record.get("several"):
        return ["image"]
    return [f"image_{k + 1}" for k in range(len(record["images"]))]


def source_of(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say where the image is: the name of a record without a source is that of a file or layer.

    Parameters
    ----------
    record : mapping
        Of the labels.

    Returns
    -------
    mapping
    """
    nothing = {"layers": [], "path": "", "multiscale": False, "rgb": False, "region": None}
    source: Mapping[str, Any] = record.get("source") or nothing
    return source


def literal(value: Any) -> str:
    """Write a plain value; nothing else can become code.

    Parameters
    ----------
    value : bool, int, float, str, None, or list of these
        From a record.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        When it is something else.
    """
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    if value is None or type(value) in (bool, int, float, str):
        return repr(value)
    raise ValueError(f"The record holds something else than plain values: {type(value).__name__}.")


def _reading(variable: str, name: str, record: Mapping[str, Any]) -> list[str]:
    source = source_of(record)
    layers = [str(each) for each in source["layers"]]
    path = str(source["path"]) if layers else name
    cut = _cut(source, record)
    if Path(path).suffix.lower() in FILES:
        return [f"{variable} = ss.read_image({path!r}).data{cut}"]
    finest = ".data[0]" if source["multiscale"] else ".data"
    read = [f"viewer.layers[{each!r}]{finest}" for each in layers or [name]]
    lines = ["# The image was not a file: run this in napari's console, or read the image here."]
    if len(read) == 1:
        return [*lines, f"{variable} = {read[0]}{cut}"]
    rows = "".join(f"        {each}{cut},\n" for each in read)
    return [*lines, f"{variable} = np.stack(\n    [\n{rows}    ],\n    axis=-1,\n)"]


def _cut(source: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Write the index of the part, with colours along the channel axis."""
    region = source["region"]
    words = [str(int(at)) if isinstance(at, int) else _slice(*at) for at in region or ()]
    axis = record["channel_axis"]
    if axis is not None and len(source["layers"]) < 2:
        channels = ":3" if source["rgb"] else ":"
        if not words:
            return "[..., :3]" if source["rgb"] else ""
        words.insert(int(axis) if axis >= 0 else len(words) + 1 + int(axis), channels)
    return f"[{', '.join(words)}]" if words else ""


def _slice(start: Any, stop: Any) -> str:
    return f"{int(start)}:{int(stop)}"
