"""Whether files and samples really hold what the layers showed; no Qt here."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.model.image_source import Index

if TYPE_CHECKING:
    from napari_selfseg.io import Georeference

__all__ = ["place_on_earth", "target_of", "with_sure_path"]


def target_of(layer: str) -> str:
    """Name the file into which a script writes labels that are those of a layer.

    It is another name than *Save labels* proposes, so that nothing somebody painted is written
    over.
    """
    return re.sub(r"[^\w .,()\[\]+-]", "_", layer).strip() + " again.tif"


def with_sure_path(record: Mapping[str, Any]) -> dict[str, Any]:
    """Leave files and samples out of a record where they are not what was segmented.

    A reader may have cut or turned what is in the file, or the user the layer: then the script has
    to take the image from the layer.
    """
    source = record["source"]
    origins = source.get("origins") or [{"path": source["path"], "sample": None}]
    if _sure(source, origins, record["images"][0]):
        return dict(record)
    return {**record, "source": {**source, "path": "", "origins": []}}


def place_on_earth(record: Mapping[str, Any]) -> Georeference | None:
    """Return where on Earth the labels of a plane are, according to the file of the image.

    None where there is no such file, or where it does not hold what was segmented.
    """
    from napari_selfseg.io import open_image

    source = record["source"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what was said when it was opened
            place = open_image(source["path"]).georeference if source["path"] else None
    except (ValueError, OSError):
        return None
    if place is None or not with_sure_path(record)["source"]["path"]:
        return None
    starts = [at if isinstance(at, int) else at[0] for at in source["region"] or (0, 0)]
    return place.of_part(*starts[-2:])


def _sure(
    source: Mapping[str, Any], origins: list[Mapping[str, Any]], image: Mapping[str, Any]
) -> bool:
    from napari_selfseg.record import check_image

    if any(_elsewhere(each) for each in origins):
        # What cannot be looked at here is looked at by the script.
        return True
    index: Index = tuple(at if isinstance(at, int) else slice(*at) for at in source["region"] or ())
    colours = (..., slice(3)) if source["rgb"] else (...,)
    try:
        parts = [_read(each)[index + colours] for each in origins]
        check_image(parts[0] if len(parts) == 1 else np.stack(parts, axis=-1), image)
    except (ValueError, OSError, IndexError):
        return False
    return True


def _elsewhere(origin: Mapping[str, Any]) -> bool:
    """Say whether a layer came from a sample of another plugin, or from nowhere."""
    sample = origin["sample"]
    return not origin["path"] if sample is None else sample[0] != "napari-selfseg"


def _read(origin: Mapping[str, Any]) -> NDArray[Any]:
    from napari_selfseg import samples
    from napari_selfseg.io import read_image

    if origin["path"]:
        found: NDArray[Any] = read_image(origin["path"]).data
        return found
    return samples.load(origin["sample"][1])
