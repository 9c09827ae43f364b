from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

# The same examples every time, and no deadline: the machine may be busy.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    """Draw the same random tensors whichever tests ran before."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real images with ground truth, which is not part of the project."""
    folder = Path(os.environ.get("SELFSEG_DATA") or PROJECT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real images at {folder}: set SELFSEG_DATA to their folder")
    return folder
