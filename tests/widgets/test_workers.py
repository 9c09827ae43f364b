"""Threads of workers and the end of Python, in processes of their own: no Qt."""

from __future__ import annotations

import subprocess
import sys
import threading

from napari_selfseg.widgets.work.runner import in_thread, working

ASKED = """
import threading
from napari_selfseg.widgets.work.runner import in_thread
asked = threading.Event()
in_thread(lambda: print("ended" if asked.wait(20) else "left"), "a run", asked.set)
"""
NOT_ASKED = """
import time
from napari_selfseg.widgets.work.runner import in_thread
def work():
    time.sleep(3)
    print("saved")
in_thread(work, "Saving")
"""
RAISED = ASKED + "raise SystemExit(3)"


def python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )


def test_work_is_asked_to_end_before_python_does():
    done = python(ASKED)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")


def test_the_exit_code_stays():
    done = python(RAISED)
    assert (done.returncode, done.stdout) == (3, "ended\n")


def test_work_that_nobody_can_ask_is_done_to_its_end_and_named():
    done = python(NOT_ASKED)
    assert (done.returncode, done.stdout) == (0, "saved\n")
    assert "Waiting for work that cannot be broken off: napari-selfseg: Saving" in done.stderr


def test_who_is_at_work():
    gate = threading.Event()
    in_thread(lambda: gate.wait(20), "Waiting")
    (worker,) = working()
    assert worker.name == "napari-selfseg: Waiting"
    gate.set()
    worker.join(5)
    assert working() == []


def test_more_work_than_cores_is_at_work_at_once():
    barrier = threading.Barrier(9)
    for _ in range(8):
        in_thread(lambda: barrier.wait(20), "Waiting")
    barrier.wait(20)
    for each in working():
        each.join(5)
