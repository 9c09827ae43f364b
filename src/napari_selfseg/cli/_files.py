"""The files of one command, written together or not at all, the labels last."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_selfseg.io import ImageFile
    from napari_selfseg.protocol import Fit

__all__ = ["Files", "with_opacity", "write_files"]


class Files(NamedTuple):
    """Where results go; None where nobody asked.

    Attributes
    ----------
    labels : str
        The labels.
    preview, objects, fit : str or None
        A picture, a table or map, and a model.
    """

    labels: str
    preview: str | None = None
    objects: str | None = None
    fit: str | None = None


def write_files(
    files: Files,
    image: ImageFile,
    labels: NDArray[Any],
    record: Mapping[str, Any],
    fit: Fit | None = None,
) -> None:
    """Write labels and what goes with them.

    Parameters
    ----------
    files : Files
        Where.
    image : ImageFile
        Of which they are.
    labels : ndarray of int
        The labels.
    record : mapping
        How they were made.
    fit : Fit, optional
        What was learned, where that is wanted.

    Raises
    ------
    OSError
        When one of them cannot be written: then none is.
    """
    from napari_selfseg.io import save_fit, write_labels, write_preview, written_together

    others = {name: path for name, path in files._asdict().items() if path and name != "labels"}
    size = _size(files, image, labels, fit)
    with written_together(*others.values(), files.labels, size=size) as places:
        at = dict(zip((*others, "labels"), places, strict=True))
        if files.objects:
            _write_objects(at["objects"], labels, image)
        if files.preview:
            write_preview(at["preview"], image.data, labels, channel_axis=image.channel_axis)
        if files.fit and fit is not None:
            save_fit(fit, at["fit"])
        write_labels(at["labels"], labels, record=record, **image.place)


def _size(files: Files, image: ImageFile, labels: NDArray[Any], fit: Fit | None) -> int:
    """Bound what is written, but for the objects: they are counted when they are made."""
    plane = image.shape[-2] * image.shape[-1]
    tensors = [*fit.weights.values(), *fit.training_state.values()] if fit else []
    learned = sum(each.numel() * each.element_size() for each in tensors)
    return labels.nbytes + (6 * plane if files.preview else 0) + learned


def _write_objects(path: Any, labels: NDArray[Any], image: ImageFile) -> None:
    from napari_selfseg.io import write_objects
    from napari_selfseg.objects import connected

    write_objects(
        path,
        connected(labels),
        **image.measure,
        georeference=image.georeference,
        classes=labels,
        image=image.data,
        channel_axis=image.channel_axis,
    )


def with_opacity(record: Mapping[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    """Say in a record that what its file calls opacity is a channel, for scripts that read it.

    Parameters
    ----------
    record : mapping
        Of labels.
    args : argparse.Namespace
        With the flag of `add_opacity`.
    """
    return {**record, **({"opacity": "channel"} if args.opacity == "channel" else {})}
