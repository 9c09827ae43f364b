"""Tables of objects in their OME-Zarr image, as ngio and Fractal read them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import zarr
from numpy.typing import NDArray

from napari_selfseg.io._writing._atomic import atomic_folder
from napari_selfseg.io._zarr._zarr_in_image import TABLES, enter, room_for
from napari_selfseg.io._zarr._zarr_levels import KEY
from napari_selfseg.io._zarr._zarr_paths import named

__all__ = ["list_table", "table_in", "write_table"]

LABEL: Final = "label"
GET_NGIO: Final = 'pip install "napari-selfseg[tables]"'


def table_in(image: str | os.PathLike[str], name: str, *, overwrite: bool = False) -> Path:
    """Make room for a table in its image: ``IMAGE.zarr/tables/NAME``, for `write_table`.

    Parameters
    ----------
    name : str
        Of the table: letters, digits, points, dashes and underscores.
    overwrite : bool
        Whether a table of this name may be there: one that this program wrote is replaced once the
        new one is whole.

    Raises
    ------
    ValueError
        When the image is no OME-Zarr, the name cannot be one, or ngio is not installed.
    OSError
        When such a table is there and may not be replaced, or nothing can be written.
    """
    _ngio()
    target = room_for(TABLES, Path(image), name, overwrite)
    if target.exists() and KEY not in zarr.open_group(str(target), mode="r").attrs:
        raise FileExistsError(
            f"{named(target)} is there and was not written by napari-selfseg: choose another name."
        )
    return target


def write_table(
    path: str | os.PathLike[str], columns: Mapping[str, NDArray[Any]], labels: str
) -> None:
    """Write a table of labels, whole or not at all: the feature table of ngio, stored by AnnData.

    `path` is from `table_in`, or its temporary name; `columns` are those of `object_features`, of
    which ``index`` becomes the index ``label``; `labels` names the labels in the same image.
    `list_table` then lists the table in the image.

    Raises
    ------
    ValueError
        When ngio is not installed.
    OSError
        When it cannot be written; nothing is left behind.
    """
    ngio, target = _ngio(), Path(path)
    import pandas as pd

    with atomic_folder(target) as part, warnings.catch_warnings():
        # Of zarr and of ngio, about layouts that they choose themselves.
        warnings.simplefilter("ignore")
        # ngio's AnnData has no words for the strings of pandas 3.
        with pd.option_context("future.infer_string", False):
            frame = pd.DataFrame({LABEL: columns["index"].astype(np.int64)})
            for name, values in columns.items():
                if name != "index":
                    frame[name] = values
            table = ngio.tables.FeatureTable(frame.set_index(LABEL), reference_label=labels)
            group = zarr.open_group(str(part.parent), mode="a", zarr_format=_format_of(target))
            ngio.tables.open_tables_container(group, mode="a").add(part.name, table)
        zarr.open_group(str(part), mode="r+").update_attributes({KEY: {}})


def _format_of(target: Path) -> Any:
    """Return the version of zarr of the image, above the table or the room it is written in."""
    for folder in target.absolute().parents:
        if folder.name == TABLES:
            return zarr.open_group(
                str(folder), mode="r", use_consolidated=False
            ).metadata.zarr_format
    return 3


def list_table(path: str | os.PathLike[str]) -> None:
    """List a finished table in the group of its image, so that readers find it.

    Raises
    ------
    TakenError, OSError
        As `list_labels`.
    """
    enter(Path(path))


def _ngio() -> Any:
    try:
        import ngio
        import ngio.tables
    except ImportError:
        raise ValueError(f"Tables in an image are written by ngio: {GET_NGIO}.") from None
    return ngio
