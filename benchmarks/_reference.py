"""Run the public code of Backprop and of DIC, given by path, and time each of its iterations.

They are scripts that need cv2 and torchvision only to read, show and write pictures; small
stand-ins for these are made in a temporary folder, so that neither is installed. Nothing of the
scripts is changed or copied.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.io import savemat

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
# The code of DIC is written for a graphics card, a window, and paths of another system.
DIC_CV2 = """
import os
import imageio.v3 as iio
import numpy as np
def imread(path):
    return np.ascontiguousarray(iio.imread(os.environ["REFERENCE_IMAGE"])[..., ::-1])
def imwrite(path, picture): pass
def imshow(name, picture): pass
def waitKey(milliseconds): pass
"""
DIC_START = """
import runpy, sys
import numpy as np
import torch
np.int = int
torch.set_num_threads(int(sys.argv[3]))
found = runpy.run_path(sys.argv[1], run_name="reference")
found["Args"].train_epoch, found["Args"].min_label_num = int(sys.argv[2]), 0
found["run"]("image", "image")
"""


@dataclass(frozen=True)
class Result:
    """Seconds of each iteration and the final partition."""

    seconds: list[float]
    labels: np.ndarray


def run_reference(script: Path, image: Path, *, iterations: int, seed: int, threads: int) -> Result:
    """Run the reference's script on an image."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cv2.py").write_text(CV2)
        (folder / "torchvision.py").write_text("datasets = transforms = None\n")
        command = [sys.executable, "-u", "-W", "ignore", "-c", START, str(seed), str(threads)]
        command += [str(script), "--visualize", "0", "--input", str(image)]
        command += ["--maxIter", str(iterations), "--nConv", "2"]
        out = {"REFERENCE_OUT": str(folder / "out.npy")}
        seconds = _timed(command, folder, script.parent, out)
        picture = np.load(folder / "out.npy")
    return Result(seconds, _partition(picture))


def time_dic(
    script: Path, image: Path, superpixels: np.ndarray, *, iterations: int, threads: int
) -> list[float]:
    """Run the public code of DIC on an image; return the seconds of each iteration."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cv2.py").write_text(DIC_CV2)
        (folder / "superpixel").mkdir()
        savemat(folder / "superpixel" / "image.mat", {"seg_lab": superpixels})
        command = [sys.executable, "-u", "-W", "ignore", "-c", DIC_START, str(script)]
        environment = {"REFERENCE_IMAGE": str(image), "CUDA_VISIBLE_DEVICES": ""}
        return _timed([*command, str(iterations), str(threads)], folder, script.parent, environment)


def _timed(
    command: list[str], folder: Path, beside: Path, environment: dict[str, str]
) -> list[float]:
    """Return the seconds between the lines an iteration prints: a loss, alone or after a slash."""
    path = os.pathsep.join((str(folder), str(beside)))
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    stamps = [time.perf_counter() for line in process.stdout if " / " in line or _is_number(line)]
    if process.wait():
        raise RuntimeError(f"The reference ended with exit code {process.returncode}.")
    return list(np.diff(stamps))


def _is_number(line: str) -> bool:
    try:
        float(line)
    except ValueError:
        return False
    return True


def _partition(picture: np.ndarray) -> np.ndarray:
    colours = picture.astype(np.int64) @ np.array([1, 1 << 8, 1 << 16])
    return np.unique(colours, return_inverse=True)[1].reshape(colours.shape)
