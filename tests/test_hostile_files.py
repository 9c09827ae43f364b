"""Damaged files of every format that is read end in data or in one sentence; a short form of
`benchmarks/fuzz.py`, with the same seeds every time."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
INPUTS = 6
NAMES = [
    "tiff",
    "tiff, colours, tiled, deflate",
    "ome-tiff",
    "geotiff",
    "png",
    "jpeg",
    "zarr 3",
    "labels in ome-zarr",
    "labels in ome-tiff",
    "model",
    "recipe",
    "presets",
    "contours",
    "truth",
    "record with arrays",
    "record of a stack",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_a_sentence(monkeypatch, tmp_path, name):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import _hostile

    form = _hostile.FORMATS[name]
    sound = tmp_path / "sound"
    sound.mkdir()
    original = form.make(sound)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        form.read(_hostile.copied(original, tmp_path / "check"))
        for seed in range(INPUTS):
            path = _hostile.copied(original, tmp_path / str(seed))
            _hostile.damage(path, random.Random(f"{name} {seed}"))
            said = ""
            try:
                form.read(path)
            except (ValueError, OSError) as error:
                said = str(error)
            assert "Errno" not in said
            assert len(said) < _hostile.LONGEST
