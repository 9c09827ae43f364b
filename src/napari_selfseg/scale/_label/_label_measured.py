"""Tables and outlines of labels that were made tile by tile."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from napari_selfseg.catalogue import are_objects
from napari_selfseg.io import (
    Drawn,
    ImageFile,
    OutlinesOnDisk,
    has_outlines,
    open_labels,
    open_numbers,
    read_record,
    update_record,
    write_drawn,
    write_table,
)
from napari_selfseg.io.formats import is_by_blocks
from napari_selfseg.scale._label._label_files import in_words
from napari_selfseg.scale._label._task import LabelTask
from napari_selfseg.scale._plan._plan import work_folder
from napari_selfseg.scale._plan._source import Source
from napari_selfseg.scale._plan._tile_record import ACROSS
from napari_selfseg.scale._tiles._measuring import MeasureRun

__all__ = ["measured_before", "write_measured"]


def measured_before(task: LabelTask, since: Path | None = None) -> bool:
    """Say whether what is to be measured is there already, and no older than the file `since`."""
    wanted = [each for each in (task.files.objects, task.files.table) if each is not None]
    oldest = since.stat().st_mtime_ns if since else 0
    return all(each.exists() and each.stat().st_mtime_ns >= oldest for each in wanted)


def write_measured(task: LabelTask, image: ImageFile, source: Source, path: Path) -> None:
    """Measure the objects of labels, all of which are there, and write what is asked for.

    `source` is the image, read in boxes.
    """
    files = task.files
    if files.objects is None and files.table is None:
        return
    record, labels = read_record(path), _opened(path)
    with _room(path) as room:

        def measured(own: bool, outlines: OutlinesOnDisk | None = None) -> MeasureRun:
            folder = Path(tempfile.mkdtemp(dir=room))
            how: dict[str, Any] = {"own": own, "outlines": outlines}
            run = MeasureRun(labels, source, record["tile"], folder, **how)
            task.observer.follow(run)
            return run

        if files.objects is not None:
            with _outlines(task, labels.shape, room) as outlines:
                run = measured(are_objects(record), outlines)
                _write_objects(files.objects, image, run, outlines, record)
            if is_by_blocks(path) and ACROSS not in record:
                update_record(path, {ACROSS: run.across})
        if files.table is not None:
            columns = measured(own=True).columns(**image.measure)
            write_table(files.table, columns, files.labels.name)


@contextlib.contextmanager
def _outlines(task: LabelTask, shape: Sequence[int], room: Path) -> Iterator[OutlinesOnDisk | None]:
    if task.files.objects is None or not has_outlines(task.files.objects):
        yield None
        return
    with OutlinesOnDisk(room, shape, simplify=task.simplify) as outlines:
        yield outlines


def _opened(path: Path) -> Any:
    return open_labels(path) if is_by_blocks(path) else open_numbers(path).data


@contextlib.contextmanager
def _room(path: Path) -> Iterator[Path]:
    """Give an empty folder in the work folder of labels, and remove it."""
    work = work_folder(str(path))
    room = work / "measured"
    # What a killed process has left.
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True)
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)
        with contextlib.suppress(OSError):
            # Only where nothing else is kept there.
            work.rmdir()


def _write_objects(
    path: Path,
    image: ImageFile,
    run: MeasureRun,
    outlines: OutlinesOnDisk | None,
    record: Mapping[str, Any],
) -> None:
    pieces: Sequence[Any] = () if outlines is None else outlines
    name, columns = Path(image.name).name, run.columns(**image.measure)
    drawn = Drawn(pieces, columns, {}, name, in_words(record))
    write_drawn(path, drawn, **image.measure, georeference=image.georeference)
