"""The stress trial in a short form; in processes of its own, which what it looks for ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.viewer, pytest.mark.slow]

STRESS = Path(__file__).resolve().parents[2] / "benchmarks" / "stress.py"
# The image goes first, and something must be drawn again and again after that.
ACTS = ["remove image", "rename", "replace labels", "hide dock"]


def test_nothing_ends_napari_and_nothing_stays(tmp_path):
    """The second round leaves its run, its dock and its window to the end of Python."""
    out = tmp_path / "stress.jsonl"
    command = [sys.executable, str(STRESS), "--rounds", "2", "--out", str(out)]
    command += ["--docks", "image", "--states", "live", "--acts", *ACTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    rounds = [row for row in rows if row["what"] == "round"]
    assert done.returncode == 0, done.stdout + done.stderr
    assert [row["reached"].split(":")[0] for row in rounds] == ["live", "live"]
    assert [(row["errors"], row["left"]) for row in rounds] == [([], []), ([], [])]
    assert [row["code"] for row in rows if row["what"] == "process"] == [0]
