"""Does the window stay responsive during a run? Gaps of the event loop, and how Stop answers.

    python benchmarks/responsiveness.py [--seconds 30] [--rounds 3]

A timer of one millisecond ticks in the event loop of a real window; a gap is the time between two
ticks. Gaps are counted in two ways. *By tick*: of all gaps, one in a hundred is longer than the
99th percentile. *By time*: of all moments at which somebody may press a key, one in a hundred falls
into a gap longer than that; this is the stricter one, since long gaps cover more moments. They are
measured with the dock open and nothing running, then from the first labels of a live run on.

Stop is pressed from another thread at a moment the window does not choose. The answer is the button
painted with its new text. Then the labels settle and the thread of the run ends.

A JSON line a round and setting is added to benchmarks/results/responsiveness.jsonl. On a machine
without a screen put `xvfb-run -a -s "-screen 0 1600x1000x24"` in front. Nothing else should run.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from _window import opened, picture, wait_until, where, working
from qtpy.QtCore import QEvent, QMetaObject, QObject, Qt, QTimer

RESULTS = Path(__file__).with_name("results") / "responsiveness.jsonl"
SETTINGS: dict[str, dict[str, Any]] = {"default": {}, "channels=32": {"channels": 32}}
# Measured until it is stopped.
ENDLESS = {"iterations": 100_000, "min_labels": 1}
PERCENTILES = (50, 95, 99)
MS = 1000


def main() -> None:
    """Measure, write the rows, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1024, help="pixels along each side")
    parser.add_argument("--seconds", type=float, default=30, help="of every measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    viewer, dock = opened(picture(args.size))
    key = {**where(), "size": args.size, "seconds": args.seconds}
    rows = []
    for setting in args.settings:
        for _ in range(args.rounds):
            idle = {"what": "idle", **summary(gaps(args.seconds))}
            live = {"what": setting, **live_run(dock, SETTINGS[setting], args.seconds)}
            rows += [{**key, **each} for each in (idle, live)]
            viewer.layers.remove(viewer.layers[-1])
            wait_until(lambda: not working())
    write(rows, args.out)
    report(rows)
    viewer.close()


def write(rows: list[dict[str, Any]], out: Path) -> None:
    """Add rows to a file."""
    with out.open("a") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


# Gaps


def gaps(seconds: float) -> np.ndarray:
    """Return the times between two ticks of the event loop, in milliseconds."""
    stamps: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: stamps.append(time.perf_counter()))
    end = time.perf_counter() + seconds
    timer.start(1)
    wait_until(lambda: time.perf_counter() > end, 2 * seconds + 60)
    timer.stop()
    return MS * np.diff(stamps)


def by_time(lengths: np.ndarray, percent: float) -> float:
    """Return the gap that so many of all moments do not exceed."""
    ordered = np.sort(lengths)
    reached = np.searchsorted(np.cumsum(ordered), percent / 100 * ordered.sum())
    return float(ordered[min(reached, len(ordered) - 1)])


def summary(lengths: np.ndarray) -> dict[str, Any]:
    """Return the figures of a row."""
    return {
        "ticks": len(lengths),
        "by_tick": {f"p{p}": round(float(np.percentile(lengths, p)), 1) for p in PERCENTILES},
        "by_time": {f"p{p}": round(by_time(lengths, p), 1) for p in PERCENTILES},
        "longest": round(float(lengths.max()), 1),
    }


# A run and its Stop


def live_run(dock: Any, values: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Start a run, measure from its first labels on, and stop it."""
    setup, controls = dock.view.setup, dock.view.controls
    setup.reset.click()
    setup.fill({**values, **ENDLESS})
    wait_until(lambda: not working())
    drawn: list[int] = []
    controls.bar.valueChanged.connect(drawn.append)
    began = time.perf_counter()
    controls.run.click()
    wait_until(lambda: controls.bar.value() > 0 and drawn)
    first = time.perf_counter() - began
    before = len(drawn), drawn[-1]
    measured = summary(gaps(seconds))
    made = {"updates": len(drawn) - before[0], "iterations": drawn[-1] - before[1]}
    controls.bar.valueChanged.disconnect(drawn.append)
    if not dock.live:
        raise RuntimeError(f"The run ended by itself: {controls.status.text()}")
    return {"first_labels": round(first, 2), **made, **measured, **stopped(dock)}


class Moments:
    """Notes when it is called."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def note(self) -> None:
        """Add this moment."""
        self.times.append(time.perf_counter())


class Painted(QObject):
    """Notes when a button was first painted with another text."""

    def __init__(self, button: Any) -> None:
        super().__init__()
        self.at = 0.0
        self._button = button
        self._text = button.text()
        button.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """See `QObject.eventFilter`."""
        painting = event is not None and event.type() == QEvent.Type.Paint
        if painting and not self.at and self._button.text() != self._text:
            # The painting itself follows, and takes well below a millisecond.
            self.at = time.perf_counter()
        return False


def stopped(dock: Any) -> dict[str, Any]:
    """Press Stop and note when it was heard, answered, and all was over."""
    button = dock.view.controls.stop
    painted, pressed, heard, ended = Painted(button), Moments(), Moments(), Moments()
    button.clicked.connect(heard.note)
    dock.ended.connect(ended.note)

    def press() -> None:
        pressed.note()
        QMetaObject.invokeMethod(button, "click", Qt.ConnectionType.QueuedConnection)

    threading.Timer(0.2, press).start()
    wait_until(lambda: ended.times and not working())
    over = time.perf_counter()
    button.removeEventFilter(painted)
    button.clicked.disconnect(heard.note)
    dock.ended.disconnect(ended.note)
    began = pressed.times[0]
    return {
        "stop_handled": round(MS * (heard.times[0] - began), 1),
        "stop_painted": round(MS * (painted.at - began), 1),
        "ended_after": round(ended.times[0] - began, 2),
        "thread_ended_after": round(over - began, 2),
        "said": dock.view.controls.status.text(),
    }


# The table


def report(rows: list[dict[str, Any]]) -> None:
    """Print the median over the rounds, and the worst."""
    found = defaultdict(list)
    for row in rows:
        found[row["what"]].append(row)
    print("event loop, gaps in ms: median over the rounds (worst)")
    print(f"{'':14}{'by tick, p99':>16}{'by time, p99':>16}{'longest':>18}{'updates':>9}")
    for what, group in found.items():
        columns = [[row[how]["p99"] for row in group] for how in ("by_tick", "by_time")]
        columns.append([row["longest"] for row in group])
        cells = "".join(f"{np.median(c):9.1f} ({max(c):.1f})" for c in columns)
        print(f"{what:14}{cells}{sum(row.get('updates', 0) for row in group):9}")
    print("Stop: ms until painted, seconds until the thread has ended: median (worst)")
    for what, group in found.items():
        if what != "idle":
            painted, over = (
                [row[name] for row in group] for name in ("stop_painted", "thread_ended_after")
            )
            print(
                f"{what:14}{np.median(painted):9.1f} ({max(painted):.1f}) ms"
                f"{np.median(over):9.2f} ({max(over):.2f}) s"
            )


if __name__ == "__main__":
    main()
