"""Do runs leave anything behind? What one napari process holds after each of many.

    python benchmarks/leaks.py [--runs 30]

The runs follow each other on the same image and from the same dock; every third is stopped on its
way. After each the layer of its labels is removed, as a user would, the threads have ended and
Python's garbage is collected. Then what is left is counted: memory of the process, its threads and
those of Python, widgets, Qt objects below the window, and objects of this package. What the last
run learned is kept for *Continue*, after every run alike.

A JSON line a run is added to benchmarks/results/leaks.jsonl, and the last run is compared with the
fifth: the first ones fill caches. On a machine without a screen put
`xvfb-run -a -s "-screen 0 1600x1000x24"` in front.
"""

from __future__ import annotations

import argparse
import gc
import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
from _window import opened, picture, wait_until, where, working
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QApplication

RESULTS = Path(__file__).with_name("results") / "leaks.jsonl"
STOPPED = 3
SETTLED = 5
MEGABYTE = 2**20
LAYERS = "layers of napari"
COMPARED = (
    "megabytes",
    "threads",
    "python_threads",
    "workers",
    "widgets",
    "qt_objects",
    "python_objects",
    "napari_layers",
    "ours",
)


def main() -> None:
    """Run, count, write the rows, print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--size", type=int, default=256, help="pixels along each side")
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    viewer, dock = opened(picture(args.size))
    dock.view.setup.fill({"iterations": args.iterations, "min_labels": 1})
    key = {**where(), "size": args.size, "iterations": args.iterations}
    rows, classes = [], []
    with args.out.open("a") as lines:
        for number in range(1, args.runs + 1):
            run(viewer, dock, number)
            classes.append(ours())
            rows.append({**key, "run": number, **left(viewer, classes[-1])})
            print(json.dumps(rows[-1]), file=lines, flush=True)
    compare(rows, classes)
    viewer.close()


def run(viewer: Any, dock: Any, number: int) -> None:
    """Run once and remove the labels."""
    controls = dock.view.controls
    controls.run.click()
    if number % STOPPED == 0:
        wait_until(lambda: controls.bar.value() > 0)
        controls.stop.click()
    wait_until(lambda: not dock.live)
    if controls.error.isVisible():
        raise RuntimeError(controls.error.text())
    (labels,) = (each for each in viewer.layers if type(each).__name__ == "Labels")
    viewer.layers.remove(labels)
    # The dock estimates the next run; the window draws what has changed.
    wait_until(controls.estimate.isVisible)
    wait_until(lambda: not working())


# What is left


def left(viewer: Any, counted: Counter[str]) -> dict[str, Any]:
    """Count what the process holds."""
    process = psutil.Process()
    window = viewer.window._qt_window
    return {
        "megabytes": round(process.memory_info().rss / MEGABYTE, 1),
        "python_threads": threading.active_count(),
        "threads": process.num_threads(),
        "workers": working(),
        "widgets": len(QApplication.allWidgets()),
        "qt_objects": len(window.findChildren(QObject)),
        "python_objects": len(gc.get_objects()),
        "napari_layers": counted[LAYERS],
        "ours": counted.total() - counted[LAYERS],
    }


def ours() -> Counter[str]:
    """Count the objects of this package by class, and the layers of napari, also removed ones."""
    from napari.layers import Layer

    for _ in range(3):
        gc.collect()
    found: Counter[str] = Counter()
    for each in gc.get_objects():
        kind = type(each)
        module = str(kind.__module__)
        if module.startswith("napari_selfseg"):
            found[f"{module.removeprefix('napari_selfseg.')}.{kind.__name__}"] += 1
        elif issubclass(kind, Layer):
            found[LAYERS] += 1
    return found


# The comparison


def compare(rows: list[dict[str, Any]], classes: list[Counter[str]]) -> None:
    """Print what the last run left against an early one."""
    settled = min(SETTLED, len(rows)) - 1
    early, late = rows[settled], rows[-1]
    print(f"{'':16}{'run ' + str(early['run']):>12}{'run ' + str(late['run']):>12}{'more':>10}")
    for name in COMPARED:
        print(f"{name:16}{early[name]:12}{late[name]:12}{late[name] - early[name]:+10.6g}")
    for name in sorted(classes[-1] | classes[settled]):
        if more := classes[-1][name] - classes[settled][name]:
            print(f"  {name}: {more:+d}")


if __name__ == "__main__":
    main()
