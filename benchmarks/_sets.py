"""Images with ground truth: where each set lies, and what its labels mean."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from napari_selfseg.io import ImageFile, read_image, read_truth
from napari_selfseg.protocol import prepare

PROJECT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("SELFSEG_DATA") or PROJECT.parent / "shared" / "data")

Kind = Literal["regions", "classes", "nuclei", "cells"]


@dataclass(frozen=True)
class ImageSet:
    """A folder of images and one of ground truths with the same names.

    Attributes
    ----------
    name : str
        How it is called here.
    images, truths : str
        Folders below the data.
    kind : str
        What the labels of the truth are: ``"regions"`` drawn by several people, ``"classes"``,
        ``"nuclei"`` (objects on a background 0) or ``"cells"`` (objects that fill the image).
    ignore : tuple of int
        Labels of the truth whose pixels do not count.
    contours : str
        Folder of the contours of gPb-owt-ucm; empty where there are none.
    window : int or None
        Longest side in pixels of what is seen of an image, its centre; None for all.
    """

    name: str
    images: str
    truths: str
    kind: Kind
    ignore: tuple[int, ...] = ()
    contours: str = ""
    window: int | None = None

    def names(self) -> list[str]:
        """Return the names of all images, without ending."""
        return sorted(path.stem for path in (DATA / self.images).iterdir())

    def central(self, window: int) -> ImageSet:
        """Return the set of the centres of its images, without contours."""
        name = f"{self.name}, central {window}"
        return replace(self, name=name, window=window, contours="")


def _bsds(split: str) -> ImageSet:
    root = "bsds500"
    truths = f"{root}/data/groundTruth/{split}"
    contours = f"{root}/ucm2/{split}"
    return ImageSet(
        f"bsds500-{split}", f"{root}/data/images/{split}", truths, "regions", contours=contours
    )


def _folder(path: str, kind: Kind, ignore: tuple[int, ...] = ()) -> ImageSet:
    return ImageSet(path.split("/")[-1], f"{path}/images", f"{path}/labels", kind, ignore)


# The numbers are from the SOURCE.md of each set; 0 is a class where it is not ignored.
SETS = {
    each.name: each
    for each in (
        _bsds("train"),
        _bsds("val"),
        _bsds("test"),
        _folder("microscopy/dsb2018_fluo", "nuclei"),
        _folder("microscopy/dsb2018_histology", "nuclei"),
        _folder("microscopy/dsb2018_brightfield", "nuclei"),
        _folder("microscopy/labelfree_dic_pc_qpi", "nuclei"),
        _folder("microscopy/em_isbi2012", "cells", ignore=(0,)),  # 0 is membrane
        _folder("microscopy/em_drosophila_vnc", "classes"),
        _folder("microscopy/brightfield_wbc", "classes"),
        _folder("microscopy/phasecontrast_psc_silver", "classes"),
        _folder("aerial/dubai_mbrsc", "classes", ignore=(0,)),  # 0 is not annotated
        _folder("aerial/massachusetts_roads", "classes"),
        _folder("aerial/cwfid_field_nir", "classes"),
        _folder("natural/cocostuff_sample", "classes", ignore=(255,)),
    )
}


@dataclass(frozen=True)
class Case:
    """One image of a set, read when it is needed.

    Attributes
    ----------
    of : ImageSet
        Its set.
    name : str
        Its name without ending.
    """

    of: ImageSet
    name: str

    @cached_property
    def image(self) -> ImageFile:
        """The image as it is stored, or its centre."""
        image = read_image(_one(DATA / self.of.images, self.name))
        spatial = [k for k in range(image.data.ndim) if k != _positive(image)]
        return replace(image, data=_centre(image.data, spatial, self.of.window))

    @cached_property
    def scaled(self) -> np.ndarray:
        """``(H, W, C)`` between 0 and 1, as the methods see it."""
        scaled, _, _ = prepare(self.image.data, self.image.channel_axis, (2,))
        return np.moveaxis(scaled, 0, -1)

    @cached_property
    def truths(self) -> list[np.ndarray]:
        """Ground truth, one array an annotator."""
        whole = read_truth(_one(DATA / self.of.truths, self.name))
        return [_centre(each, range(each.ndim), self.of.window) for each in whole]

    @property
    def contours(self) -> Path | None:
        """File of the contours of gPb-owt-ucm."""
        file = DATA / self.of.contours / f"{self.name}.mat"
        return file if self.of.contours and file.is_file() else None


def _one(folder: Path, name: str) -> Path:
    found: Sequence[Path] = sorted(folder.glob(f"{name}.*"))
    if len(found) != 1:
        raise SystemExit(f"There are {len(found)} files {name} in {folder}.")
    return found[0]


def _positive(image: ImageFile) -> int | None:
    return None if image.channel_axis is None else image.channel_axis % image.data.ndim


def _centre(array: np.ndarray, axes: Iterable[int], window: int | None) -> np.ndarray:
    if window is None:
        return array
    part = [slice(None)] * array.ndim
    for axis in axes:
        start = max(array.shape[axis] - window, 0) // 2
        part[axis] = slice(start, start + window)
    return array[tuple(part)]


def read_list(text: str) -> list[str]:
    """Read the names of images from a file, or from a list in the folder ``splits``."""
    for file in (Path(text), DATA / "splits" / text, DATA / "splits" / f"{text}.txt"):
        if file.is_file():
            return file.read_text().split()
    raise SystemExit(f"There is no list {text}, nor one in {DATA / 'splits'}.")
