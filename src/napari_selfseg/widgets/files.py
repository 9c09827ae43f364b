"""OME-Zarr as layers and layers as OME-Zarr: what napari itself neither reads nor writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from napari_selfseg.io import ImageFile

__all__ = ["reader", "write_labels_layer"]

LayerData = tuple[Any, dict[str, Any], str]
ENDING: Final = ".zarr"
# Sides of what napari reads at once, in y and x.
BLOCK: Final = 1024
RECORD: Final = "napari-selfseg"


def reader(path: str | list[str]) -> Callable[[str], list[LayerData]] | None:
    """Return what opens a zarr image as a layer.

    Parameters
    ----------
    path : str or list of str
        What napari was asked to open.

    Returns
    -------
    callable or None
        None for anything else than one zarr folder.
    """
    if not isinstance(path, str) or not path.rstrip("/\\").lower().endswith(ENDING):
        return None
    return layers_of


def layers_of(path: str) -> list[LayerData]:
    """Open a zarr image as an image or a labels layer, without reading it.

    Parameters
    ----------
    path : str
        Of a zarr folder; or of one image in it, or one level of an image.

    Returns
    -------
    list of LayerDataTuple
        One layer with its scale, unit, names of axes and levels; of labels of ours the record.

    Raises
    ------
    ValueError
        When it is no image that can be read.
    OSError
        When it cannot be opened.
    """
    from napari_selfseg.io import open_pyramid

    levels, labels = open_pyramid(path)
    finest, arrays = levels[0], [_lazy(each) for each in levels]
    names = finest.axes.replace("c", "")
    meta: dict[str, Any] = {
        "name": Path(path).name.removesuffix(ENDING).removesuffix(".ome"),
        "scale": finest.spacing,
        "axis_labels": tuple(names),
        "units": tuple("pixel" if axis == "t" else finest.unit for axis in names),
        "multiscale": len(arrays) > 1,
        "metadata": _recorded(path) if labels else {},
    }
    if not labels:
        meta |= _channels(finest)
    data = arrays if len(arrays) > 1 else arrays[0]
    return [(data, meta, "labels" if labels else "image")]


def write_labels_layer(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write a labels layer as OME-Zarr, with its scale, unit and record.

    Parameters
    ----------
    path : str
        Ending in ``.zarr``.
    data : array_like of int
        Of the layer; of several levels the finest counts.
    meta : mapping
        As napari describes the layer.

    Returns
    -------
    list of str
        The path, where it was written.

    Raises
    ------
    ValueError
        When the labels are no whole numbers in two to four axes.
    OSError
        When it cannot be written; nothing is left behind.
    """
    from napari_selfseg.io import write_labels

    finest = data[0] if isinstance(data, list | tuple) or meta.get("multiscale") else data
    write_labels(
        path,
        finest,
        spacing=meta.get("scale"),
        unit=_unit(meta),
        record=meta.get("metadata", {}).get(RECORD),
        axes="tzyx"[-finest.ndim :],
    )
    return [path]


def _lazy(level: ImageFile) -> Any:
    """Return an array that napari reads block by block, planes one by one."""
    import dask.array

    plane = len(level.shape) - 2
    wide = [1] * plane + [min(n, BLOCK) for n in level.shape[plane:]]
    rest = level.data.shape[len(level.shape) :]
    return dask.array.from_array(level.data, chunks=(*wide, *rest), name=False)


def _channels(image: ImageFile) -> dict[str, Any]:
    """Say what the channels of an image are: colours, or a layer each."""
    if image.channel_axis is None:
        return {}
    colours = image.data.shape[-1] in (3, 4) and image.data.dtype == "uint8"
    return {"rgb": True} if colours else {"channel_axis": len(image.shape)}


def _recorded(path: str) -> dict[str, Any]:
    from napari_selfseg.io import read_record

    try:
        return {RECORD: read_record(path)}
    except ValueError:
        return {}


def _unit(meta: Mapping[str, Any]) -> str:
    units = meta.get("units") or ("pixel",)
    unit = units[-1]
    return str(unit) if isinstance(unit, str) or str(unit) == "pixel" else f"{unit:~P}"
