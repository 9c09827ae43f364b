"""Work that is gone through from a cell of a notebook, and seen below it."""

from __future__ import annotations

import atexit
import importlib.util
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from napari_selfseg.machine.signals import stop_on_interrupt
from napari_selfseg.notebook._controls import GET_IT
from napari_selfseg.notebook._view import View
from napari_selfseg.work import Work, follow

__all__ = ["watch"]

# Seconds that Python's end waits for work that it ends.
PATIENCE = 5


def watch(work: Work[Any], *, wait: bool = True) -> None:
    """Go through work to its end, and show it below the cell of a notebook, live.

    The picture, how far it is and the time left follow the work. A run of segments that has ended
    gets a slider over how many there are, where ipywidgets is installed (the extra ``notebook``).

    Parameters
    ----------
    work : Run, StackRun, TileRun, Trainer or Batch
        Not begun, going on, or ended, which is shown as it is.
    wait : bool
        Whether the cell takes until the end, so that the next one has the result. Interrupting the
        kernel then stops the work and keeps what was found; a second interrupt ends at once.
        Otherwise the work goes on beside the notebook: other cells can be run meanwhile, and the
        button *Stop* (or ``work.stop()``) ends it and keeps what was found.

    Raises
    ------
    ImportError
        When there is no IPython.
    ValueError
        When it is not called in a notebook.

    Examples
    --------
    >>> run = ss.evolve(image, ss.Consensus(), channel_axis=-1)  # doctest: +SKIP
    >>> ss.watch(run)  # doctest: +SKIP
    >>> labels = run.labels()  # doctest: +SKIP
    """
    _check_notebook()
    view = View(work, waiting=wait)
    if wait:
        _through(work, view)
    else:
        _beside(work, view)


def _through(work: Work[Any], view: View) -> None:
    @contextmanager
    def seen(work: Work[Any]) -> Iterator[Callable[[Any], None]]:
        # Signals reach the main thread alone; elsewhere nothing is handled here.
        with stop_on_interrupt(work.stop):
            try:
                yield view.see
            finally:
                view.end()

    follow(work, seen)


def _beside(work: Work[Any], view: View) -> None:
    """Go through work in a thread that ends before Python does."""

    def through() -> None:
        try:
            _through(work, view)
        except Exception as error:
            view.say(str(error))
        finally:
            atexit.unregister(end)

    thread = threading.Thread(target=through, name="napari-selfseg watch", daemon=True)

    def end() -> None:
        work.abandon()
        thread.join(PATIENCE)

    atexit.register(end)
    thread.start()


def _check_notebook() -> None:
    if importlib.util.find_spec("IPython") is None:
        raise ImportError(f"watch shows work in a notebook, which needs IPython: {GET_IT}.")
    from IPython import get_ipython

    if getattr(get_ipython(), "kernel", None) is None:
        raise ValueError(
            "watch shows work below a cell of a notebook, and this is none: call finish() instead."
        )
