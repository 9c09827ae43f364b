"""A large image from file to file, tile by tile: what commands and batches share."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path
from typing import Any

from napari_selfseg.io import (
    ImageFile,
    Opacity,
    address_of,
    has_room_for_place,
    load_fit,
    of_channels,
    open_image,
    open_labels,
    read_record,
    write_labels,
)
from napari_selfseg.io.formats import is_by_blocks
from napari_selfseg.protocol import Fit, Method
from napari_selfseg.record import weights_hash
from napari_selfseg.scale._plan._plan import PLAN, Plan, load_plan, work_folder
from napari_selfseg.scale._plan._source import Source
from napari_selfseg.scale._plan._tile_record import is_same_image, is_unchanged
from napari_selfseg.scale._tiles._over_tiles import plan_tiles

__all__ = ["LargeImage", "begun", "forget"]


class LargeImage:
    """An image that is labelled tile by tile, and the file its labels go into.

    Several processes cannot write one TIFF, nor can it be resumed: its tiles go into an OME-Zarr
    beside it, and are copied once all are there. Nothing of a file is read before it is sliced.

    Raises
    ------
    OSError
        When there is no such file, or it cannot be opened.
    ValueError
        When it is no image.
    """

    def __init__(
        self,
        image: str | os.PathLike[str] | ImageFile,
        target: str | os.PathLike[str],
        *,
        opacity: Opacity = "mask",
        channels: tuple[str, ...] = (),
    ) -> None:
        how: dict[str, Any] = {"opacity": opacity, "channels": channels}
        place: Any
        if isinstance(image, ImageFile):
            self.file = place = of_channels(image, channels)
        else:
            self.file = open_image(image, **how)
            place = address_of(image) or os.path.abspath(str(image))
        self.source = Source(place, self.file.channel_axis, **how)
        self.target = Path(target)

    @property
    def begun(self) -> Plan | None:
        """What was planned before and is not put away; None when there is nothing."""
        plan = begun(self.target)
        return None if plan is None else dataclasses.replace(plan, source=self.source)

    def plan_tiles(self, fit: Fit, **options: Any) -> Plan:
        """Plan the tiles, and make the empty labels.

        Options are those of the function `plan_tiles`.

        Raises
        ------
        ValueError
            When something given cannot be used, or there are labels already.
        OSError
            When nothing can be written there.
        """
        if _tiles(self.target) == self.target:
            has_room_for_place(self.target, self.file.place["axes"], self.file.georeference)
        place = {key: value for key, value in self.file.place.items() if key != "georeference"}
        return plan_tiles(self.source, fit, str(_tiles(self.target)), **place, **options)

    def gone_on(self, by: Fit | Method) -> Plan | None:
        """Return the plan of labels that are begun, to go on with it; None when there is nothing.

        `by` labels the image, or is trained on samples of it.

        Raises
        ------
        ValueError
            When it was begun on another image, or with something else.
        """
        plan = self.begun
        if plan is None:
            return None
        known = load_fit(plan.model)
        if isinstance(by, Fit):
            same = weights_hash(known.weights) == weights_hash(by.weights)
        else:
            same = known.method == by
        if not same or not is_unchanged(plan):
            what = "on another image" if same else "with another method or model"
            raise ValueError(
                f"{self.target} was begun {what}: give the same, or delete {plan.labels} and "
                f"{plan.work}."
            )
        return plan

    def finished_before(self, by: Fit | Method) -> bool:
        """Say whether the labels are there, finished, of this image and made in the same way.

        Then what a killed process has left on the way to them is removed.
        """
        try:
            record = read_record(self.target)
        except (ValueError, OSError):
            return False
        if isinstance(by, Fit):
            same = record.get("applied") == weights_hash(by.weights)
        else:
            same = record.get("fitted") == by.as_dict()
        if not (same and "tile" in record and is_same_image(record, self.source)):
            return False
        forget(self.target)
        return True

    def finish(self, plan: Plan) -> None:
        """Copy tiles that are all done into a TIFF, block by block; OME-Zarr is there already.

        Raises
        ------
        OSError
            When the TIFF cannot be written; the tiles stay.
        """
        if _tiles(self.target) == self.target:
            return
        record = read_record(plan.labels)
        write_labels(self.target, open_labels(plan.labels), record=record, **self.file.place)
        forget(self.target)


def begun(target: Path) -> Plan | None:
    """Return the plan of labels in a file that are begun; None when there is nothing.

    Raises
    ------
    ValueError
        When the plan is damaged.
    """
    work = work_folder(str(_tiles(target)))
    return load_plan(work) if (work / PLAN).is_file() else None


def forget(target: Path) -> None:
    """Remove what was kept on the way to labels, but not an OME-Zarr that holds them."""
    tiles = _tiles(target)
    work = work_folder(str(tiles))
    if not work.is_dir():
        return
    # The plan first: without it nobody goes on with what is left. The folder last: as long as it is
    # there, the tiles beside it are known for ours.
    (work / PLAN).unlink(missing_ok=True)
    if tiles != target:
        shutil.rmtree(tiles, ignore_errors=True)
    shutil.rmtree(work, ignore_errors=True)


def _tiles(target: Path) -> Path:
    """Return the OME-Zarr that tiles are written into."""
    return target if is_by_blocks(target) else target.with_name(f"{target.name}.zarr")
