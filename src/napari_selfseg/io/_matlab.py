"""Variables of MATLAB files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

__all__ = ["variable"]


def variable(path: str | os.PathLike[str], name: str) -> NDArray[Any]:
    """Read one variable; ValueError when the file is of another kind, or lacks it."""
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}.")
    try:
        found = loadmat(file, variable_names=[name])
    except PermissionError:
        raise PermissionError(f"{file} cannot be opened: no permission.") from None
    except Exception as error:  # the reader lets errors of many kinds through
        raise ValueError(f"{file.name} cannot be read as a MATLAB file: {error}") from None
    if name not in found:
        raise ValueError(f"{file.name} has no variable {name}.")
    return np.asarray(found[name])
