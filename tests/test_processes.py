"""Worker processes hear no signals, and end with their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

PARENT = """
import multiprocessing, signal, sys, time
from napari_selfseg.machine.processes import deaf, follow_parent

def work():
    follow_parent()
    print("at work", flush=True)
    time.sleep(60)

if __name__ == "__main__":
    # Ignored where the tests run in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = multiprocessing.get_context("spawn").Process(target=work)
    with deaf():
        process.start()
    print(process.pid, flush=True)
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        print(process.is_alive(), flush=True)
        process.kill()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of another kind")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_worker_ends_with_its_parent(tmp_path, number):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as parent:
        lines = sorted(parent.stdout.readline() for _ in range(2))
        worker = psutil.Process(int(lines[0]))
        assert lines[1] == "at work\n"
        # As a terminal does it: to all of them.
        send = os.kill if number == signal.SIGKILL else os.killpg
        send(parent.pid, number)
        said, errors = parent.communicate(timeout=60)
        if number == signal.SIGINT:
            assert said == "True\n"
        assert errors == ""
    gone, _ = psutil.wait_procs([worker], timeout=30)
    assert gone or not running(worker)


def running(worker):
    """Say whether a process still runs: what nobody waits for stays as a zombie."""
    time.sleep(0.1)
    return worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE
