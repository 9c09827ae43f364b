"""Work as a command shows it: a bar on a terminal, and a signal that ends it in order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from napari_selfseg.machine.signals import stop_on_interrupt

if TYPE_CHECKING:
    from napari_selfseg.protocol import Step
    from napari_selfseg.scale import StackStep, TileStep
    from napari_selfseg.work import Work

__all__ = ["Shown", "progress_bar"]


class Shown:
    """How work is shown, and how far it came: its `watch` is for `napari_selfseg.work.follow`.

    Attributes
    ----------
    begun : bool
        Whether the work was begun.
    interrupted : str
        How far the work was when somebody interrupted it, such as ``"after 3 of 9 iterations"``;
        empty where nobody did, or it was through by then.
    """

    def __init__(self) -> None:
        self.begun, self.interrupted = False, ""

    @contextmanager
    def watch(
        self, work: Work[Any], stop: Callable[[], None] | None = None
    ) -> Iterator[Callable[[Any], None]]:
        """Draw a bar while work goes on; the first signal to end asks the work to.

        `work` has not begun. `stop` ends it; by default ``work.stop``, which keeps what was found.
        What is yielded is to be called with every step.
        """
        self.begun = True
        what, done, total = work.progress
        kind = KINDS[what]
        with (
            stop_on_interrupt(stop or work.stop) as heard,
            progress_bar(total, done, kind.unit, kind.bar_format) as bar,
        ):
            yield partial(kind.see, bar)
        self.interrupted = kind.interrupted(work) if heard.interrupt else ""
        reason = getattr(work, "stop_reason", "")
        if reason and sys.stderr.isatty() and not self.interrupted:
            print(reason, file=sys.stderr)


class Kind(NamedTuple):
    """How one kind of work is shown."""

    unit: str
    see: Callable[[Any, Any], None]
    interrupted: Callable[[Any], str]
    bar_format: str | None = None


def progress_bar(
    total: int, first: int = 0, unit: str = "it", bar_format: str | None = None
) -> Any:
    """Return a bar with the time left; nothing is drawn where there is no terminal.

    It counts from `first` to `total`; `bar_format` is as tqdm takes it.
    """
    from tqdm import tqdm

    return tqdm(total=total, initial=first, disable=None, unit=unit, bar_format=bar_format)


def _see_update(bar: Any, step: Step) -> None:
    bar.set_postfix(labels=step.n_labels, refresh=False)
    bar.update(step.iteration - bar.n)


def _see_plane(bar: Any, step: StackStep) -> None:
    left = "" if step.seconds_left is None else bar.format_interval(step.seconds_left)
    at = "" if step.step is None else f", update {step.step.iteration}/{step.step.total}"
    bar.set_postfix_str(f"{left} left{at}" if left else at.lstrip(", "), refresh=False)
    bar.update(step.done - bar.n)


def _see_tile(bar: Any, step: TileStep) -> None:
    bar.set_description(step.name, refresh=False)
    bar.total, bar.n = step.total, step.done
    bar.refresh()


def _updates(work: Any) -> str:
    return f"after {work.progress.done} of {work.method.iterations} iterations"


def _planes(work: Any) -> str:
    if work.stopped is None or work.stopped.kind not in ("asked", "abandoned"):
        return ""
    return f"after {work.progress.done} of {work.progress.total} planes"


def _tiles(work: Any) -> str:
    return f"after {work.progress.done} of {work.progress.total} tiles"


KINDS: Final = MappingProxyType(
    {
        "iteration": Kind("it", _see_update, _updates),
        "plane": Kind(
            "plane",
            _see_plane,
            _planes,
            "{l_bar}{bar}| {n_fmt}/{total_fmt} planes [{elapsed}{postfix}]",
        ),
        "tile": Kind("tile", _see_tile, _tiles),
    }
)
