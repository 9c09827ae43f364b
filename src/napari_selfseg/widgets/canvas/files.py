"""OME-Zarr as layers and layers as OME-Zarr: what napari itself neither reads nor writes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_selfseg.widgets.model.axis_letters import place_of_axes

if TYPE_CHECKING:
    from napari_selfseg.io import ImageFile

__all__ = ["reader", "write_labels_layer"]

LayerData = tuple[Any, dict[str, Any], str]
ENDING: Final = ".zarr"
# Sides of what napari reads at once, in y and x.
BLOCK: Final = 1024
RECORD: Final = "napari-selfseg"
PIXEL: Final = "pixel"
METADATA: Final = ("zarr.json", ".zgroup", ".zarray")


def reader(path: str | list[str]) -> Callable[[str], list[LayerData]] | None:
    """Return the function that opens a zarr image as layers.

    None for anything else than one zarr folder, or one path in such a folder.
    """
    if not isinstance(path, str) or not _is_zarr(Path(path)):
        return None
    return layers_of


def _is_zarr(path: Path) -> bool:
    # As in `napari_selfseg.io`, which is not imported to look at any folder.
    named = any(part.lower().endswith(ENDING) for part in path.absolute().parts)
    return path.is_dir() and (named or any((path / name).is_file() for name in METADATA))


def layers_of(path: str) -> list[LayerData]:
    """Open a zarr image as image or labels layers, without reading it.

    The path may be that of one image in the folder, or of one level of an image.

    Returns
    -------
    list of LayerDataTuple
        With scale, place, unit, names of axes and levels; of labels of ours the record. One layer,
        or one a channel of labels; napari makes those of an image. The labels that an image lists
        come after it.

    Warns
    -----
    UserWarning
        When labels that an image lists cannot be read.

    Raises
    ------
    ValueError
        When it is no image that can be read.
    OSError
        When it cannot be opened.
    """
    from napari_selfseg.io import open_pyramid

    levels, says_labels = open_pyramid(path)
    finest, arrays = levels[0], [_lazy(each) for each in levels]
    labels = says_labels and finest.data.dtype.kind in "bui"
    meta: dict[str, Any] = {
        "name": _name(Path(path)),
        **_place(finest),
        "multiscale": len(arrays) > 1,
        "metadata": _recorded(path) if labels else {},
    }
    if not labels:
        return [(_data(arrays), meta | _channels(finest), "image"), *_listed(path)]
    if finest.channel_axis is None:
        return [(_data(arrays), meta, "labels")]
    return [
        (
            _data([each[..., k] for each in arrays]),
            meta | {"name": f"{meta['name']} [{k}]"},
            "labels",
        )
        for k in range(arrays[0].shape[-1])
    ]


def _listed(path: str) -> list[LayerData]:
    """Open the labels that an image lists; damaged ones are no reason not to show the image."""
    from napari_selfseg.io import labels_of

    found: list[LayerData] = []
    for each in labels_of(path):
        try:
            found += layers_of(str(each))
        except (ValueError, OSError) as error:
            warnings.warn(f"The labels {each.name} are left out: {error}", stacklevel=2)
    return found


def write_labels_layer(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write a labels layer as OME-Zarr, with its scale, place, units and record.

    Of several levels the finest is written; `meta` is as napari describes the layer.

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
        record=meta.get("metadata", {}).get(RECORD),
        **_written_place(meta, finest.ndim),
    )
    return [path]


def _name(path: Path) -> str:
    """Return the path in a zarr, from the name of that on."""
    parts = path.absolute().parts
    found = [k for k, part in enumerate(parts) if part.lower().endswith(ENDING)]
    inside = parts[found[0] :] if found else parts[-1:]
    return "/".join(part.removesuffix(ENDING).removesuffix(".ome") for part in inside)


def _place(image: ImageFile) -> dict[str, Any]:
    names = image.axes.replace("c", "")
    units = {"t": image.time_unit or PIXEL} | dict.fromkeys(image.unknown, PIXEL)
    return {
        "scale": image.spacing,
        "translate": image.translation or (0.0,) * len(names),
        "axis_labels": tuple(_called(image, k) for k in range(len(names))),
        "units": tuple(units.get(axis, image.unit) for axis in names),
    }


def _called(image: ImageFile, k: int) -> str:
    """Return the name of an axis: as napari calls those that have none."""
    names = image.axes.replace("c", "")
    return f"axis {k - len(names)}" if names[k] in image.unnamed else names[k]


def _data(levels: list[Any]) -> Any:
    return levels if len(levels) > 1 else levels[0]


def _written_place(meta: Mapping[str, Any], ndim: int) -> dict[str, Any]:
    """Return options of `write_labels`: one unit for all axes, and no size where none is known."""
    from napari_selfseg.io import steps_of

    names = list(meta.get("axis_labels") or ("",) * ndim)
    place = place_of_axes(names)
    if not place:
        raise ValueError(f"Labels of {ndim} axes fit into no OME-Zarr: save a part of them.")
    axes = place["axes"]
    sizes = [float(each) for each in meta.get("scale", (1.0,) * ndim)]
    units = [_unit(each) for each in meta.get("units") or (PIXEL,) * ndim]
    stated = {axis: (size, unit) for axis, size, unit in zip(axes, sizes, units, strict=True)}
    steps = steps_of(axes, stated)
    unknown = [axis in steps.unknown for axis in axes]
    shifts = zip(meta.get("translate", (0.0,) * ndim), steps.spacing, sizes, unknown, strict=True)
    return {
        **place,
        "spacing": tuple(None if u else s for s, u in zip(steps.spacing, unknown, strict=True)),
        "unit": steps.unit,
        "time_unit": steps.time_unit,
        "translation": [0.0 if u else float(at) * s / abs(size) for at, s, size, u in shifts],
    }


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


def _unit(unit: Any) -> str:
    return unit if isinstance(unit, str) else PIXEL if str(unit) == PIXEL else f"{unit:~P}"
