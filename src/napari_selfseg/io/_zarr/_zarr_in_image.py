"""Labels inside their image: in the group ``labels`` of the OME-Zarr image that they are of."""

from __future__ import annotations

import json
import os
import re
import warnings
from pathlib import Path
from typing import Any, Final

import zarr

from napari_selfseg.io._writing._claim import TakenError, claimed
from napari_selfseg.io._zarr._zarr import image_in
from napari_selfseg.io._zarr._zarr_image_layout import layout_of
from napari_selfseg.io._zarr._zarr_paths import is_image_group, is_zarr, named, ome_metadata
from napari_selfseg.io._zarr._zarr_remote import address_of

__all__ = [
    "LABELS",
    "TABLES",
    "enter",
    "image_of_labels",
    "labels_in",
    "labels_of",
    "list_labels",
    "room_for",
]

LABELS: Final = "labels"
TABLES: Final = "tables"  # as ngio and Fractal have them; OME-Zarr knows none
FLAG: Final = "--overwrite"
NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
# Seconds that others may take to add a name to a list.
PATIENCE: Final = 20


def image_of_labels(path: str | os.PathLike[str]) -> Path | None:
    """Return the folder of the image that labels at ``IMAGE.zarr/labels/NAME`` belong to.

    Neither the labels nor their temporary folder need exist. None where labels have a folder of
    their own.
    """
    above = Path(path).absolute().parent
    group = above.parent if above.suffix == ".part" else above
    if group.name != LABELS or not is_zarr(group.parent):
        return None
    node = zarr.open(str(group.parent), mode="r")
    return group.parent if isinstance(node, zarr.Group) and is_image_group(node) else None


def labels_in(image: str | os.PathLike[str], name: str, *, overwrite: bool = False) -> Path:
    """Make room for labels in their image.

    Parameters
    ----------
    name : str
        Of the labels: letters, digits, points, dashes and underscores.
    overwrite : bool
        Whether labels of this name may be there: those that this program wrote are replaced once
        the new ones are whole.

    Returns
    -------
    pathlib.Path
        ``IMAGE.zarr/labels/NAME``, as a target for labels.

    Raises
    ------
    ValueError
        When the image is no OME-Zarr, or the name cannot be one.
    OSError
        When such labels are there and may not be replaced, or nothing can be written.
    """
    return room_for(LABELS, Path(image), name, overwrite)


def room_for(kind: str, image: Path, name: str, overwrite: bool) -> Path:
    """Return ``IMAGE.zarr/KIND/NAME`` for labels or a table; `kind` is ``labels`` or ``tables``.

    The other parameters are as for `labels_in`.

    Raises
    ------
    ValueError, OSError
        As `labels_in`.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name {kind} in an image: take letters, digits, - and _.")
    if (address := address_of(image)) is not None:
        raise ValueError(f"Nothing can be written to {address}: name a file of your own for it.")
    image_folder = _image(image)
    layout_of(image_folder)  # or a sentence
    target = image_folder / kind / name
    if target.exists() and not overwrite:
        raise FileExistsError(
            f"{named(target)} is there already: {FLAG} (overwrite=True) replaces it, or take "
            "another name."
        )
    if not os.access(image_folder, os.W_OK):
        raise PermissionError(f"Nothing can be written into {image_folder}.")
    if not is_zarr(target.parent):
        version = zarr.open_group(str(image_folder), mode="r").metadata.zarr_format
        _list([], zarr.open_group(str(target.parent), mode="a", zarr_format=version), kind)
    return target


def _image(path: Path) -> Path:
    other = f"{path.name} is no OME-Zarr image, and labels go into such alone: name a file for them"
    if not path.is_dir():
        raise ValueError(f"{other}.")
    image_folder, node = image_in(path)
    if not isinstance(node, zarr.Group):
        raise ValueError(f"{other}, or give the image of which that is a level or an array.")
    return image_folder


def labels_of(image: str | os.PathLike[str]) -> list[Path]:
    """Return the folders of labels that an image lists and that exist.

    Raises
    ------
    ValueError
        When there is no single image.
    """
    image_folder, node = image_in(Path(image))
    folder = image_folder / LABELS
    if not isinstance(node, zarr.Group) or not is_zarr(folder):
        return []
    group = zarr.open(str(folder), mode="r", use_consolidated=False)
    listed: Any = ome_metadata(group).get(LABELS) if isinstance(group, zarr.Group) else None
    names = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    return [folder / each for each in names if NAME.fullmatch(each) and is_zarr(folder / each)]


def list_labels(path: str | os.PathLike[str]) -> None:
    """List labels that are finished in the group of their image, so that readers find them.

    Where metadata of what is above are kept in one place (consolidated), they are brought up to
    date: readers that trust them would not see the labels. Labels outside an image, or not yet in
    their place, are ignored.

    Raises
    ------
    TakenError
        When another process does not come to an end with the same list.
    OSError
        When nothing can be written.
    """
    if Path(path).absolute().parent.name == LABELS and image_of_labels(path) is not None:
        enter(Path(path))


def enter(target: Path) -> None:
    """Enter finished labels or a finished table in the list of its group.

    Raises
    ------
    TakenError, OSError
        As `list_labels`.
    """
    folder = target.absolute().parent
    with claimed(folder / ".list.claim", PATIENCE) as held:
        if not held:
            raise TakenError(f"Another process is writing the list of {named(folder)}: try again.")
        group = zarr.open_group(str(folder), mode="r+", use_consolidated=False)
        metadata = ome_metadata(group) if folder.name == LABELS else group.attrs.asdict()
        listed: Any = metadata.get(folder.name, [])
        if target.name not in listed:
            _list([*listed, target.name], group, folder.name)
        # The image may be a field of a plate: image, well, row, plate.
        for above in (folder, *folder.parents[:4]):
            _consolidate(above)


def _list(names: list[str], group: zarr.Group, kind: str) -> None:
    # Tables are no part of OME-Zarr: their list does not go into its "ome".
    if group.metadata.zarr_format == 2 or kind == TABLES:
        group.update_attributes({kind: names})
    else:
        group.update_attributes({"ome": {"version": "0.5", **ome_metadata(group), kind: names}})


def _consolidate(folder: Path) -> None:
    if not (folder / ".zmetadata").is_file() and not _consolidated(folder / "zarr.json"):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is no part of zarr 3: it was there before
        zarr.consolidate_metadata(str(folder))


def _consolidated(file: Path) -> bool:
    if not file.is_file():
        return False
    return bool(json.loads(file.read_text(encoding="utf-8")).get("consolidated_metadata"))
