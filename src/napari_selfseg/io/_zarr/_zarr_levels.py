"""The folder of an OME-Zarr labels image: its metadata and levels."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import zarr
from yaozarrs import DimSpec, v05
from zarr.codecs import ZstdCodec

from napari_selfseg.io._units._units import Steps, any_unit, long_time, long_unit, steps_to_write
from napari_selfseg.io._zarr._zarr_downsampling import downsample
from napari_selfseg.io._zarr._zarr_image_layout import is_in_image, levels_in_image, squeezed
from napari_selfseg.io._zarr._zarr_metadata import KEY, UNNAMED
from napari_selfseg.record import dumps

__all__ = ["KEY", "blocks", "coarser", "dimensions", "finish", "make", "write_record"]

COARSEST = 1024


def blocks(shape: Sequence[int], size: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """Yield the slices of all blocks of an array; those at the end are smaller."""
    along = [
        [slice(start, min(start + step, length)) for start in range(0, length, step)]
        for length, step in zip(shape, size, strict=True)
    ]
    yield from itertools.product(*along)


def dimensions(
    axes: str,
    spacing: Sequence[float | None] | None,
    unit: str,
    time_unit: str,
    translation: Sequence[float] = (),
) -> list[DimSpec]:
    """Describe the axes of labels, one letter each.

    Axes whose spacing is None have no unit. `translation` is where the centre of the first pixel
    is, in the unit of the spacing; it may be empty.
    """
    steps = steps_to_write(axes, spacing, unit, time_unit)
    given = spacing or [None] * len(axes)
    shifts = translation if any(translation) else [None] * len(axes)
    return [
        DimSpec(
            name=axis,
            scale=size,
            unit=None if axis in steps.unknown else _unit(axis, steps),
            scale_factor=2 if axis in "yx" else 1,
            translation=_rescaled(shift, size, before),
        )
        for axis, size, before, shift in zip(axes, steps.spacing, given, shifts, strict=True)
    ]


def _rescaled(shift: float | None, size: float, before: float | None) -> float | None:
    return None if shift is None else shift * (size / before if before else 1.0)


def _unit(axis: str, steps: Steps) -> str | None:
    return long_time(steps.time_unit) if axis == "t" else long_unit(steps.unit)


def make(
    folder: Path,
    shape: Sequence[int],
    axes: list[DimSpec],
    layout: Mapping[str, Any],
    unnamed: str = "",
) -> zarr.Array[Any]:
    """Make labels of one level, all 0, in an empty folder.

    `layout` has ``dtype``, ``chunks`` and ``shards``. Axes that nobody has named are noted, and
    called as the others are: readers that know z and t alone would show one plane, or nothing.
    """
    group = zarr.open_group(str(folder), mode="w", zarr_format=3)
    with any_unit():
        image = v05.Multiscale.from_dims(axes, name="labels")
    ours = {UNNAMED: unnamed} if unnamed else {}
    group.update_attributes({"ome": _described(image), KEY: ours})
    return _array(group, "0", shape, [axis.name for axis in axes], **layout)


def _array(
    group: zarr.Group, name: str, shape: Sequence[int], axes: Sequence[str], **layout: Any
) -> zarr.Array[Any]:
    return group.create_array(
        name,
        shape=tuple(shape),
        compressors=ZstdCodec(level=3),
        fill_value=0,
        dimension_names=list(axes),
        overwrite=True,
        **layout,
    )


def _described(image: v05.Multiscale) -> dict[str, Any]:
    with any_unit():
        labels = v05.LabelImage.model_validate({"multiscales": [image], "image-label": {}})
    return labels.model_dump(exclude_none=True, by_alias=True, mode="json")


def finish(folder: Path, record: Mapping[str, Any] | None) -> None:
    """Add coarser levels and the record to labels from `make`.

    None leaves the record that is there.
    """
    levels = coarser(folder)
    for finer, coarse in itertools.pairwise(levels):
        for block in blocks(coarse.shape, coarse.shards or coarse.chunks):
            downsample(finer, coarse, block)
    if record is not None:
        write_record(folder, record)


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Replace the record of labels from `make`."""
    group = zarr.open_group(str(folder), mode="r+", use_consolidated=False)
    ours: dict[str, Any] = dict(cast("dict[str, Any]", group.attrs[KEY]))
    ours["record"] = json.loads(dumps(record))
    group.update_attributes({KEY: ours})


def coarser(folder: Path) -> list[Any]:
    """Return all levels of labels from `make`, the finest first; make those that are missing.

    Labels in an image have the levels of the image.
    """
    group = zarr.open_group(str(folder), mode="r+", use_consolidated=False)
    if is_in_image(group):
        return [squeezed(each) for each in levels_in_image(group)]
    with any_unit():
        image = v05.LabelImage.model_validate(group.attrs["ome"]).multiscales[0]
    axes = [axis.name for axis in image.axes]
    levels: list[Any] = [group["0"]]
    while max(levels[-1].shape[-2:]) > COARSEST:
        name = str(len(levels))
        levels.append(group[name] if name in group else _below(group, name, levels[-1], axes))
    if len(image.datasets) != len(levels):
        finest = image.datasets[0].coordinateTransformations
        image.datasets = [_level(k, finest) for k in range(len(levels))]
        group.update_attributes({"ome": _described(image)})
    return levels


def _level(number: int, finest: Sequence[Any]) -> v05.Dataset:
    # A pixel of every second one keeps its centre: the levels have the shift of the finest.
    sizes, *shift = finest
    scale = [*sizes.scale[:-2], *(size * 2**number for size in sizes.scale[-2:])]
    transform = v05.ScaleTransformation(scale=scale)
    return v05.Dataset(path=str(number), coordinateTransformations=[transform, *shift])


def _below(
    group: zarr.Group, name: str, finer: zarr.Array[Any], axes: Sequence[str]
) -> zarr.Array[Any]:
    shape = (*finer.shape[:-2], *((size + 1) // 2 for size in finer.shape[-2:]))
    layout = {"dtype": finer.dtype, "chunks": finer.chunks, "shards": finer.shards}
    return _array(group, name, shape, axes, **layout)
