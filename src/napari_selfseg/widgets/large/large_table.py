"""The table of a stack or of tiles, measured piece by piece in a worker thread."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_selfseg.widgets.canvas.columns import write_table
from napari_selfseg.widgets.canvas.layers import part_sizes
from napari_selfseg.widgets.canvas.looks.described import own_names
from napari_selfseg.widgets.canvas.plane_rows import PlaneRows, put_rows, rows_of
from napari_selfseg.widgets.large.large_session import LargeSession
from napari_selfseg.widgets.large.stack_arrays import stack_arrays
from napari_selfseg.widgets.large.tile_session import TileSession
from napari_selfseg.widgets.model.measure import channel_names, unit_of, with_classes
from napari_selfseg.widgets.work.task import Begin

if TYPE_CHECKING:
    from napari_selfseg.objects import PlaneTable

__all__ = ["LargeTable", "has_table"]

EVERY_MS: Final = 250
MEASURING: Final = "Measuring: {what} {done} of {total}..."
BEGINS: Final = "Measuring..."
ROWS: Final = (
    "{count} row{s}, one an object and plane, in the table below. Save table... writes them."
)
TABLE: Final = "{count} row{s}, in the table below. Save table... writes them."
Columns = dict[str, Any]


class LargeTable:
    """Measures labels as they lie in memory or on a disk.

    Parameters
    ----------
    view : QWidget
        It ends with this one.
    say : callable
        Called with how far it is.
    given : callable
        Returns the class of each object that a person gave one, and the names of classes.
    opened : callable
        Called with a layer whose table is to be opened.
    done : callable
        Called when there is a table.
    """

    def __init__(
        self,
        view: QWidget,
        begin: Begin,
        say: Callable[[str], None],
        given: Callable[[], tuple[dict[int, int], dict[int, str]]],
        opened: Callable[[Any], None],
        done: Callable[[], None],
    ) -> None:
        self._begin, self._say, self._given = begin, say, given
        self._opened, self._done = opened, done
        self._work: Any = None
        self._session: LargeSession | None = None
        self._open = False
        self._timer, self._again = QTimer(view), QTimer(view)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._tell)
        self._again.setSingleShot(True)
        self._again.setInterval(EVERY_MS)
        self._again.timeout.connect(self._remeasure)

    def measure(self, session: LargeSession, *, opened: bool = True) -> None:
        """Measure the labels; `opened` says whether to open the table and speak of it."""
        self.stop()
        self._session, self._open = session, opened
        tiled = isinstance(session, TileSession)
        work = self._work = _Tiles(session) if tiled else _Planes(session)
        if opened:
            self._say(BEGINS)
            self._timer.start()

        def measured() -> Columns | None:
            try:
                with session.storage.held():
                    return work.measured()
            except BaseException:
                work.ended = True
                raise

        self._begin(measured, partial(self._put, session, work), "Measuring")

    @property
    def at_work(self) -> bool:
        """Whether labels are being measured."""
        return self._work is not None

    def changed(self) -> None:
        """Measure again what was measured of labels that are others now, after a moment."""
        session = self._session
        if session is not None and (self._work is not None or has_table(session.layer)):
            self._again.start()

    def stop(self) -> None:
        """Measure no further; nothing is kept of what is at work."""
        work, self._work = self._work, None
        self._timer.stop()
        self._again.stop()
        if work is not None:
            work.stop()

    def forget(self) -> None:
        """Work on other labels, or on none."""
        self.stop()
        self._session = None

    def _remeasure(self) -> None:
        if self._session is not None:
            self.measure(self._session, opened=self._open and self._work is not None)

    def _tell(self) -> None:
        work = self._work
        if work is None or work.ended:
            self._timer.stop()
        elif (now := work.progress) is not None and now.done:
            self._say(MEASURING.format(what=now.what, done=now.done, total=now.total))

    def _put(self, session: LargeSession, work: Any, columns: Columns | None) -> None:
        if work is not self._work or columns is None:
            return
        opened = self._open
        self._work = None
        self._timer.stop()
        layer, count = session.layer, len(columns["index"])
        work.keep(layer, with_classes(columns, *self._classes(session)))
        if opened:
            self._opened(layer)
            self._say(work.words.format(count=count, s="s" * (count != 1)))
        self._done()

    def _classes(self, session: LargeSession) -> tuple[dict[int, int], dict[int, str]]:
        """Return the class of each label that has one: classes themselves are no class of one."""
        classes, names = self._given()
        return (classes, names) if session.objects else ({}, own_names(session.layer))


class _Planes:
    """A stack: a row an object and plane."""

    words = ROWS

    def __init__(self, session: LargeSession) -> None:
        from napari_selfseg.objects import PlaneTable

        request, layer = session.request, session.layer
        along, arrays = request.along, stack_arrays(request)
        self.ended = False
        self._index = request.index
        self._first = [along.first[axis] for axis in along.axes]
        self._axes = along.axes
        self._rows: PlaneTable = PlaneTable(
            session.storage.array,
            arrays["image"],
            along.axes,
            along.names,
            channel_axis=arrays["channel_axis"],
            first=self._first,
            spacing=part_sizes(layer, request.index),
            unit=unit_of(layer),
            channel_names=channel_names(request),
        )
        self.stop = self._rows.stop

    @property
    def progress(self) -> Any:
        """How far it is."""
        return self._rows.progress

    def measured(self) -> Columns | None:
        """Measure; None where it was stopped."""
        self._rows.finish()
        return self._rows.columns() if self._rows.complete else None

    def keep(self, layer: Any, columns: Columns) -> None:
        """Keep the table with its layer."""
        own = [k for k, each in enumerate(self._index) if isinstance(each, slice)]
        pairs = zip(self._rows.places, self._axes, self._first, strict=True)
        places = {name: (own[axis], first) for name, axis, first in pairs}
        put_rows(layer, PlaneRows(type(layer.features)(columns), places))


class _Tiles:
    """Tiles: a row a label, brought together of all blocks."""

    words = TABLE

    def __init__(self, session: LargeSession) -> None:
        request, layer = session.request, session.layer
        assert isinstance(session, TileSession)
        self.ended = self._stopped = False
        self._run: Any = None
        self._array, self._tile = session.shown.array, session.layout.tile
        self._arrays = stack_arrays(request)
        self._how = part_sizes(layer, request.index), unit_of(layer)
        self._names = channel_names(request)

    @property
    def progress(self) -> Any:
        """How far it is; None before it begins."""
        return None if self._run is None else self._run.progress

    def stop(self) -> None:
        """Ask to end."""
        self._stopped = True
        if self._run is not None:
            self._run.stop()

    def measured(self) -> Columns | None:
        """Measure; None where it was stopped."""
        from napari_selfseg.scale import MeasureRun, Source

        with tempfile.TemporaryDirectory(prefix="napari-selfseg-") as folder:
            source = Source(self._arrays["image"], self._arrays["channel_axis"])
            run = self._run = MeasureRun(self._array, source, self._tile, Path(folder), own=True)
            if not self._stopped:
                run.finish()
            return None if run.stopped or self._stopped else run.columns(*self._how, self._names)

    def keep(self, layer: Any, columns: Columns) -> None:
        """Keep the table with its layer."""
        write_table(layer, columns)


def has_table(layer: Any) -> bool:
    """Say whether something was measured of a layer."""
    return rows_of(layer) is not None or len(layer.features.columns) > 0
