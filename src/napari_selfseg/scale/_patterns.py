"""Images in folders, and those that a pattern means."""

from __future__ import annotations

import glob
from pathlib import Path

from napari_selfseg.io import address_of, fields_of, inside_zarr, is_zarr
from napari_selfseg.io.formats import names_of, readable

__all__ = ["meant"]


def meant(text: str) -> list[tuple[Path, Path]]:
    """Find the images that are meant by a file, a folder or a pattern.

    Parameters
    ----------
    text : str
        Such as ``"data"`` or ``"data/**/*.tif"``. What is there under a name with brackets is
        meant by it. A plate or well of OME-Zarr means all its fields.

    Returns
    -------
    list of (pathlib.Path, pathlib.Path)
        Images by name, each with the folder that its name counts from: that of a pattern before
        the first wildcard. Hidden ones are left out of folders and patterns, such as what a Mac
        leaves beside files on other disks, and so is what lies inside of another.

    Raises
    ------
    ValueError
        When a folder or a pattern holds no images.
    """
    path = Path(text).expanduser()
    if address_of(text):
        return [(path, path.parent)]
    if fields := fields_of(path):
        return [(each, path) for each in fields]
    if path.is_dir() and not inside_zarr(path):
        return [(each, path) for each in _images_in(path)]
    if path.exists() or not glob.has_magic(text):
        return [(path, path.parent)]
    return _matching(path)


def _images_in(folder: Path) -> list[Path]:
    seen = sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    found = [each for each in seen if _is_image(each)]
    if not found:
        below = any(each.is_dir() for each in seen)
        way = (
            f": those in its folders are '{folder / '**' / '*.tif'}', for example" if below else ""
        )
        raise ValueError(f"The folder {folder} holds no {names_of(readable())} files{way}.")
    return found


def _matching(pattern: Path) -> list[tuple[Path, Path]]:
    root, rest = _parted(pattern)
    found = _glob(root, rest) or _glob(root, rest.replace("[", "[[]"))
    if not found:
        raise ValueError(f"No images match {pattern}: check the pattern, and its capitals.")
    return [(each, root) for each in found if not any(above in found for above in each.parents)]


def _parted(pattern: Path) -> tuple[Path, str]:
    root, rest = Path(), list(pattern.parts)
    while rest and (not glob.has_magic(rest[0]) or (root / rest[0]).exists()):
        root /= rest.pop(0)
    return root, str(Path(*rest))


def _glob(root: Path, rest: str) -> dict[Path, None]:
    names = sorted(glob.glob(rest, root_dir=root, recursive=True))
    # As a dictionary for its order, and to look up quickly.
    return {each: None for name in names if _is_image(each := root / name)}


def _is_image(path: Path) -> bool:
    ending = path.suffix.lower()
    known = any(
        ending in each.endings and (each.folder or not path.is_dir()) for each in readable()
    )
    return known or is_zarr(path)
