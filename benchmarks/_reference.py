"""Run the public reference of Backprop, given by path, and time each of its iterations.

The reference is a script that needs cv2 and torchvision only to read and write pictures; small
stand-ins for these are made in a temporary folder, so that neither is installed. Nothing of the
script is changed or copied.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CV2 = """
import os
import imageio.v3 as iio
import numpy as np
def imread(path):
    return np.ascontiguousarray(iio.imread(path)[..., ::-1])
def imwrite(path, picture):
    np.save(os.environ["REFERENCE_OUT"], picture)
"""
START = """
import runpy, sys, torch
torch.manual_seed(int(sys.argv[1]))
torch.set_num_threads(int(sys.argv[2]))
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@dataclass(frozen=True)
class Result:
    """Seconds of each iteration and the final partition."""

    seconds: list[float]
    labels: np.ndarray


def run_reference(
    script: Path, image: Path, *, iterations: int, seed: int, threads: int, depth: int = 2
) -> Result:
    """Run the reference's script on an image."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cv2.py").write_text(CV2)
        (folder / "torchvision.py").write_text("datasets = transforms = None\n")
        command = [sys.executable, "-u", "-W", "ignore", "-c", START, str(seed), str(threads)]
        command += [str(script), "--visualize", "0", "--input", str(image)]
        command += ["--maxIter", str(iterations), "--nConv", str(depth)]
        seconds = _timed(command, folder)
        picture = np.load(folder / "out.npy")
    return Result(seconds, _partition(picture))


def _timed(command: list[str], folder: Path) -> list[float]:
    import os

    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "REFERENCE_OUT": str(folder / "out.npy"),
    }
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    stamps = [time.perf_counter() for line in process.stdout if " / " in line]
    if process.wait():
        raise RuntimeError(f"The reference ended with exit code {process.returncode}.")
    return list(np.diff(stamps))


def _partition(picture: np.ndarray) -> np.ndarray:
    colours = picture.astype(np.int64) @ np.array([1, 1 << 8, 1 << 16])
    return np.unique(colours, return_inverse=True)[1].reshape(colours.shape)
