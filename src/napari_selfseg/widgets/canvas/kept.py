"""Labels of a run, a stack or tiles, as they are saved and copied as Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_selfseg.widgets.model.origin import place_on_earth, target_of, with_sure_path

__all__ = ["Kept", "write_part"]


@dataclass(frozen=True)
class Kept:
    """Labels as they are in their layer now.

    Attributes
    ----------
    record : mapping
        How they were made.
    place : mapping
        Spacing, unit and axes, as a script of them takes these.
    ending, kinds : str
        Of the file, and of all files, for a dialog.
    saving : callable
        Called with a path by the window; returns what writes the file, for a worker thread.
    edited : bool
        Whether somebody changed them in a way that no record tells, so no script repeats it.
    names : mapping of int to str
        Of classes that somebody scribbled and named.
    """

    name: str
    record: Mapping[str, Any]
    place: Mapping[str, Any]
    ending: str
    kinds: str
    saving: Callable[[str], Callable[[], None]]
    edited: bool = False
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def image(self) -> str:
        """Path of the file that the image was opened from; empty where there is none."""
        return str((self.record.get("source") or {}).get("path") or "")

    @property
    def in_zarr(self) -> bool:
        """Whether that is an OME-Zarr, into which labels can go."""
        from napari_selfseg.io import inside_zarr

        return bool(self.image) and inside_zarr(Path(self.image))

    def saving_in(self, path: str) -> Callable[[], None]:
        """Return what writes the labels, with the names of classes, to a path from `labels_in`."""
        write, names = self.saving(path), self.names

        def work() -> None:
            from napari_selfseg.io import name_classes

            write()
            if names:
                name_classes(path, names)

        return work

    def scripting(self) -> Callable[[], str]:
        """Return what writes the script that makes them again, for a worker thread."""
        return partial(_script, self.record, target_of(self.name), self.place)


def _script(record: Mapping[str, Any], target: str, place: Mapping[str, Any]) -> str:
    from napari_selfseg.replaying import as_script

    return as_script(with_sure_path(record), target=target, **place)


def write_part(
    path: str,
    labels: NDArray[Any],
    record: Mapping[str, Any],
    place: Mapping[str, Any],
    shift: tuple[float, ...],
) -> None:
    """Write labels of a part of an image; call it in a worker thread.

    `place` has spacing and unit; `shift` is where the part begins in the image.
    """
    from napari_selfseg.io import write_labels
    from napari_selfseg.io.formats import format_of

    where: dict[str, Any] = {**place, "georeference": place_on_earth(record)}
    if (found := format_of(path)) is not None and found.moved:
        where["translation"] = shift
    write_labels(path, labels, record=record, **where)
