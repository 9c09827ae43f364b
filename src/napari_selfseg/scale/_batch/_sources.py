"""Images of a batch, from patterns, folders and files; and where the labels of each go."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from napari_selfseg.io import ImageFile, address_of, labels_in, read_record
from napari_selfseg.scale._patterns import meant
from napari_selfseg.scale._plan._plan import work_folder

__all__ = ["PREVIEWS", "BatchImage", "places_in", "sources", "targets_of"]

PREVIEWS: Final = "previews"
UNSAFE: Final = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


@dataclass(frozen=True)
class BatchImage:
    """An image of a batch.

    Attributes
    ----------
    image : pathlib.Path or ImageFile
        A file, or an image in memory.
    name : str
        Where its labels go in the folder of results, without the ending; sub-folders with ``/``.
    """

    image: Path | ImageFile
    name: str

    @property
    def title(self) -> str:
        """What to call it: its path, or the name of the image in memory."""
        if isinstance(self.image, ImageFile):
            return self.image.name
        return address_of(self.image) or str(self.image)


def sources(
    images: Sequence[str | os.PathLike[str] | ImageFile], folder: Path | None = None
) -> list[BatchImage]:
    """Find the images that are meant.

    Parameters
    ----------
    images : sequence of path_like or ImageFile
        Files, folders (the images in them), patterns such as ``"data/**/*.tif"``, and images in
        memory. What a pattern finds in sub-folders goes into such sub-folders.
    folder : pathlib.Path, optional
        Of the results: those of an earlier batch that are in it are no images.

    Returns
    -------
    list of BatchImage
        In the order given, those of a pattern by name; each file once.

    Raises
    ------
    ValueError
        When a folder or a pattern holds no images.
    """
    found: dict[object, BatchImage] = {}
    for each in images:
        if isinstance(each, ImageFile):
            found[id(each)] = BatchImage(each, UNSAFE.sub("-", each.name) or "image")
            continue
        for path, root in meant(str(each)):
            if folder is None or address_of(path) or not _is_result(path, folder):
                name = path.relative_to(root).with_suffix("").as_posix()
                found.setdefault(path.resolve(), BatchImage(path, name))
    if not found:
        raise ValueError("There are no images: give files, folders or a pattern.")
    return list(found.values())


def targets_of(found: Sequence[BatchImage], folder: Path, suffix: str = ".tif") -> list[Path]:
    """Return where the labels of each image go, before any work is done.

    Raises
    ------
    ValueError
        When two would go into one file, or an image would be overwritten.
    """
    given = {each.image.resolve() for each in found if isinstance(each.image, Path)}
    taken: dict[Path, BatchImage] = {}
    for each in found:
        name = each.name.removesuffix(".ome") if suffix.startswith(".ome") else each.name
        target = folder / f"{name}{suffix}"
        if target.resolve() in given:
            raise ValueError(f"{target} would be overwritten: choose another folder.")
        if target in taken:
            raise ValueError(
                f"{taken[target].title} and {each.title} have one name, and so would their labels: "
                "rename one, or take two folders, one after the other."
            )
        taken[target] = each
    return list(taken)


def places_in(found: Sequence[BatchImage], name: str) -> list[Path]:
    """Make room for labels in each image itself, such as ``a.zarr/labels/cells``.

    Raises
    ------
    ValueError
        When one is no OME-Zarr image.
    OSError
        When nothing can be written into one.
    """
    memory = next((each.title for each in found if isinstance(each.image, ImageFile)), None)
    if memory is not None:
        raise ValueError(f"{memory} lies in no file, so that its labels cannot go into that.")
    return [labels_in(cast(Path, each.image), name, overwrite=True) for each in found]


def _is_result(path: Path, folder: Path) -> bool:
    """Say whether a file is of an earlier batch, which a pattern finds again."""
    if not path.absolute().is_relative_to(folder.absolute()):
        return False
    if path.absolute().is_relative_to(folder.absolute() / PREVIEWS):
        return True
    if work_folder(str(path)).is_dir():
        # Of tiles that are not all done.
        return True
    try:
        read_record(path)
    except (ValueError, OSError):
        return False
    return True
