"""Whether the file of a layer really holds what the layer showed; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_selfseg.widgets.picture import Index

__all__ = ["with_sure_path"]


def with_sure_path(record: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the file out of a record where it is not what was segmented.

    A reader may have cut or turned what is in the file, or the user the layer: then the script
    has to take the image from the layer.

    Parameters
    ----------
    record : mapping
        With its ``"source"``.

    Returns
    -------
    dict
    """
    source = record["source"]
    sure = bool(source["path"]) and _holds(source, record["images"][0])
    return {**record, "source": {**source, "path": source["path"] if sure else ""}}


def _holds(source: Mapping[str, Any], image: Mapping[str, Any]) -> bool:
    from napari_selfseg.io import read_image
    from napari_selfseg.record import check_image

    index: Index = tuple(at if isinstance(at, int) else slice(*at) for at in source["region"] or ())
    colours = (..., slice(3)) if source["rgb"] else (...,)
    try:
        check_image(read_image(source["path"]).data[index + colours], image)
    except (ValueError, OSError, IndexError):
        return False
    return True
