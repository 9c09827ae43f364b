"""From a stroke to its segments on the screen: milliseconds in a real window after a run.

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/live_strokes.py [--size 1024]

Consensus segments an image; then strokes of four classes are painted one after the other, each a
line of 200 pixels in 20 pieces, as a mouse would. Measured are, from the last piece of a stroke,
the time until the labels layer holds its class and the canvas was drawn (median and largest of
all strokes), and, alone, the parts it consists of. Half of the strokes cross superpixels on which
another class was drawn, which are divided.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from _window import opened, picture, wait_until, where
from qtpy.QtWidgets import QApplication

LENGTH, PIECES = 200, 20
CLASSES = (1, 2, 3, 4)


def main() -> None:
    """Print the line of one size; append it to a file where one is given."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--strokes", type=int, default=20)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    viewer, dock = opened(picture(args.size))
    dock.start()
    wait_until(lambda: not dock.live)
    dock.view.setup.new_scribbles.click()
    layer = dock.view.setup.scribbles.thing
    took, longest = [], 0.0
    for number, ends in enumerate(lines(args.strokes, layer.data.shape)):
        label = CLASSES[number % len(CLASSES)]
        began, piece = drag(layer, ends, label)
        until_shown(dock, layer)
        took.append(1000 * (time.perf_counter() - began))
        longest = max(longest, piece)
    row = {
        **where(),
        "size": list(layer.data.shape),
        "superpixels": len(dock._segments._made.hierarchy.sizes),
        "first_stroke_ms": round(took[0]),
        "stroke_to_screen_ms": round(statistics.median(took[1:])),
        "slowest_ms": round(max(took[1:])),
        "longest_pause_in_a_stroke_ms": round(longest),
        "parts_ms": parts(dock, layer),
    }
    viewer.close()
    print(json.dumps(row))
    if args.out:
        with args.out.open("a") as rows:
            rows.write(json.dumps(row) + "\n")


def lines(n: int, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield the points of strokes; every other one lies across the one before."""
    rng, steps = np.random.default_rng(0), np.linspace(0, 1, PIECES)[:, None]
    middle = np.zeros(2)
    for number in range(n):
        across = np.array([[0, LENGTH], [LENGTH, 0]][number % 2])
        if number % 2 == 0:
            middle = rng.uniform(LENGTH, np.array(shape) - LENGTH)
        yield middle - across / 2 + steps * across


def drag(layer: Any, points: np.ndarray, label: int) -> tuple[float, float]:
    """Paint along points; return when the last piece was painted, and the longest pause."""
    longest = 0.0
    for point in points:
        for step in np.linspace(point, point + (points[1] - points[0]), 4, endpoint=False):
            began = time.perf_counter()
            layer.paint(tuple(step), label)
        QApplication.processEvents()
        longest = max(longest, 1000 * (time.perf_counter() - began))
    return began, longest


def until_shown(dock: Any, layer: Any) -> None:
    """Let the event loop run until the labels follow all strokes and the canvas was drawn."""
    desk, end = dock._segments, time.perf_counter() + 60

    def bound() -> bool:
        found = desk._latest
        drawn = found is not None and np.array_equal(found.scribbles, layer.data)
        return drawn and not desk._painted.isActive() and not desk._pending

    while not bound():
        QApplication.processEvents()
        if time.perf_counter() > end:
            raise TimeoutError("The labels do not follow.")
    shown, drawn = dock._results.outcome.layer.data, layer.data
    assert (shown[drawn > 0] == drawn[drawn > 0]).all()


def parts(dock: Any, layer: Any) -> dict[str, float]:
    """Time each part alone, with all strokes there are."""
    desk, outcome = dock._segments, dock._results.outcome
    made, latest = desk._made.hierarchy, desk._latest
    strokes = dock._drawn()
    wanted = desk.cut
    return {
        "reading strokes": median(dock._drawn),
        "superpixels divided, tree bound": median(lambda: made.bound(strokes)),
        "tree put in order": median(lambda: made.bound(strokes).tree)
        - median(lambda: made.bound(strokes)),
        "cut and projected": median(lambda: latest.hierarchy.cut(wanted.n_segments)),
        "written into the layer": median(lambda: dock._results.refresh()),
        "canvas drawn": median(lambda: (outcome.layer.refresh(), QApplication.processEvents())),
        "of that, refreshed": median(outcome.layer.refresh),
        "refreshed strokes": median(layer.refresh),
    }


def median(work: Callable[[], object], times: int = 9) -> float:
    """Return the median milliseconds of some work."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began))
    return round(statistics.median(took), 1)


if __name__ == "__main__":
    main()
