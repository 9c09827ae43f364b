"""Fits as safetensors with JSON inside: loading one runs no code."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from napari_selfseg.catalogue import known_methods
from napari_selfseg.io._writing._atomic import atomic_file, check_target
from napari_selfseg.parameters import restore
from napari_selfseg.protocol import Fit, Method, Scaling

__all__ = ["load_fit", "read_progress", "save_fit"]

KEY = "napari-selfseg"
# Before the name of what only further training needs.
STATE = "training/"


def save_fit(fit: Fit, path: str | os.PathLike[str], *, done: int | None = None) -> None:
    """Save a fit, whole or not at all.

    Parameters
    ----------
    fit : Fit
        From `Run.fit`.
    path : path_like
        Ending in ``.safetensors``.
    done : int, optional
        Iterations it has had, where it is a checkpoint; all of its method's by default.

    Raises
    ------
    ValueError
        When the ending is another one.
    OSError
        When the file cannot be written; nothing is left behind.
    """
    target = check_target(path, (".safetensors",))
    meaning = {
        "method": fit.method.as_dict(),
        "in_channels": fit.in_channels,
        "ndim": fit.ndim,
        "scaling": {"low": fit.scaling.low, "high": fit.scaling.high},
        "classes": fit.classes,
        "done": fit.method.iterations if done is None else done,
    }
    with atomic_file(target) as part:
        try:
            tensors = {f"{STATE}{name}": each for name, each in fit.training_state.items()}
            save_file({**fit.weights, **tensors}, part, metadata={KEY: json.dumps(meaning)})
        except SafetensorError as error:  # a full disk, in words of its own
            raise OSError(_line(error)) from error


def load_fit(path: str | os.PathLike[str]) -> Fit:
    """Load a fit.

    Parameters
    ----------
    path : path_like
        From `save_fit`.

    Raises
    ------
    OSError
        When there is no such file.
    ValueError
        When it is damaged, or not a fit of this package.
    """
    file = Path(path)
    meaning, weights = _read(file)
    try:
        fit = _fit(meaning, weights)
        # Weights that do not fit the method show here, and not when the fit is used.
        fit.restored(torch.device("cpu"))
    except (KeyError, TypeError, ValueError, ArithmeticError, RuntimeError) as error:
        raise ValueError(f"{file.name} is not a fit of napari-selfseg: {_line(error)}") from None
    return fit


def read_progress(path: str | os.PathLike[str]) -> int:
    """Read how many iterations the fit in a file has had.

    Raises
    ------
    OSError
        When there is no such file.
    ValueError
        When it is damaged, or does not say.
    """
    file = Path(path)
    meaning = _read(file)[0]
    done = meaning.get("done") if isinstance(meaning, dict) else None
    if not isinstance(done, int) or done < 0:
        raise ValueError(f"{file.name} does not say how many iterations it has had.")
    return done


def _read(file: Path) -> tuple[Any, dict[str, Any]]:
    """Return what the weights mean, whatever is written there, and the weights."""
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}.")
    try:
        with safe_open(file, framework="pt") as opened:
            meaning = json.loads((opened.metadata() or {}).get(KEY, "{}"))
            weights = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, RecursionError) as error:
        raise ValueError(f"{file.name} cannot be read as a fit: {_line(error)}") from None
    return meaning, weights


def _line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _fit(meaning: dict[str, Any], weights: dict[str, Any]) -> Fit:
    scaling = {key: tuple(map(float, meaning["scaling"][key])) for key in ("low", "high")}
    fits = len(scaling["low"]) == len(scaling["high"]) == meaning["in_channels"]
    if not fits or not all(a < b < math.inf for a, b in zip(*scaling.values(), strict=True)):
        raise ValueError(f"its scaling is {scaling}")
    return Fit(
        method=cast(Method, restore(meaning["method"], known_methods(), "method")),
        in_channels=int(meaning["in_channels"]),
        ndim=int(meaning["ndim"]),
        scaling=Scaling(**scaling),
        classes=tuple(map(int, meaning["classes"])),
        weights={name: each for name, each in weights.items() if not name.startswith(STATE)},
        training_state={
            name.removeprefix(STATE): each
            for name, each in weights.items()
            if name.startswith(STATE)
        },
    )
