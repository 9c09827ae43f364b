from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from napari_selfseg.convolving import PRECISION_SETTING, SETTING
from napari_selfseg.protocol import Question, Spent, Trial

# The same examples every time, and no deadline: the machine may be busy.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

# The same way every time, also in fixtures of a session and in processes that tests start.
os.environ.update({SETTING: "channels-last", PRECISION_SETTING: "float32"})

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    """Draw the same random tensors whichever tests ran before."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def no_trials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Time nothing, and keep out of the cache of whoever runs the tests."""
    monkeypatch.setattr(
        "napari_selfseg.machine.disk_cache.default_folder", lambda: tmp_path / "trials"
    )
    monkeypatch.setattr("napari_selfseg.protocol._estimates._kept_trials.made", pretended)


@pytest.fixture(autouse=True)
def nothing_else_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say the same of the time, however busy the machine that runs the tests is."""
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, 0.0), raising=False)


def pretended(question: Question) -> Trial:
    """Answer as a machine would on which everything takes ten milliseconds."""
    took = Spent(0.01, 0.02)
    updates = (took,) * len(question.method.parts())
    return Trial(question.shapes[0], took, took, updates, took, took)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real images with ground truth, which is not part of the project."""
    folder = Path(os.environ.get("SELFSEG_DATA") or PROJECT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real images at {folder}: set SELFSEG_DATA to their folder")
    return folder
