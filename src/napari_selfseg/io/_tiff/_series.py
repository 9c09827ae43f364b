"""Which of the images in a TIFF file is read, and whether it is there in full."""

from __future__ import annotations

from math import prod

import tifffile

from napari_selfseg.io._pixels._image_file import UnsuitableError

__all__ = ["Series", "check_complete", "main_series"]

Series = tifffile.TiffPageSeries


def main_series(tiff: tifffile.TiffFile, name: str) -> tuple[Series, tuple[str, ...]]:
    """Choose the image to read: the largest, which may come after a thumbnail.

    Parameters
    ----------
    name : str
        Of the file, for errors.

    Returns
    -------
    series : tifffile.TiffPageSeries
        Planes of one size that were written one by one are one stack.
    notes : tuple of str
        What was left out, in words that follow the name of the file.

    Raises
    ------
    UnsuitableError
        When there are several that are equally good.
    """
    # Smaller copies and masks are not images of their own.
    apart = [s for s in tiff.series if not (s.keyframe.is_reduced or s.keyframe.is_mask)]
    images = apart or list(tiff.series)
    if not images:
        raise UnsuitableError(f"{name} holds no image.")
    largest = max(images, key=_area)
    equal = [s for s in images if _kind(s) == _kind(largest)]
    others = len(images) - len(equal)
    note = f"holds {others + 1} images: the largest, of shape {largest.shape}, is read."
    notes = (note,) if others else ()
    return (largest if len(equal) == 1 else _stacked(tiff, equal, name)), notes


def _area(series: Series) -> int:
    return prod(n for axis, n in zip(series.axes, series.shape, strict=True) if axis in "YX")


def _kind(series: Series) -> tuple[object, ...]:
    return series.shape, series.axes, series.dtype, series.keyframe.hash


def _stacked(tiff: tifffile.TiffFile, equal: list[Series], name: str) -> Series:
    first = equal[0]
    longer = "".join(a for a, n in zip(first.axes, first.shape, strict=True) if n > 1 or a in "YX")
    if set(longer) - set("YXS") or first.kind == "ome":
        raise UnsuitableError(
            f"{name} holds {len(equal)} images of shape {first.shape}: give a file of one of "
            f"them, as tifffile.imwrite('one.tif', tifffile.imread('{name}', series=0)) makes."
        )
    pages = [page for each in equal for page in each.pages]
    shape, axes = (len(equal), *first.shape), f"I{first.axes}"
    return Series(pages, shape, first.dtype, axes, parent=tiff, kind="generic")


def check_complete(tiff: tifffile.TiffFile, series: Series, name: str) -> None:
    """Refuse what would be filled with zeros: missing planes, and pixels beyond the end."""
    pages = [page for page in series.pages if page is not None]
    if len(pages) < len(series.pages):
        raise UnsuitableError(
            f"{name} describes {len(series.pages)} planes and holds {len(pages)} of them: write a "
            "file of those that are there."
        )
    if any(_end(page) > page.parent.filehandle.size for page in pages) or (
        series.dataoffset is not None and series.dataoffset + series.nbytes > tiff.filehandle.size
    ):
        raise UnsuitableError(f"{name} is damaged or cut short: its pixels end too early.")


def _end(page: tifffile.TiffPage | tifffile.TiffFrame) -> int:
    pairs = zip(page.dataoffsets, page.databytecounts, strict=False)
    return max((offset + count for offset, count in pairs), default=0)
