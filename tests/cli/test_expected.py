"""What a run is going to take, on the command line."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest
import tifffile

from napari_selfseg.cli import main
from napari_selfseg.protocol import _needed as needed

FAST = ["--method", "backprop", "--channels", "4", "--iterations", "2", "--device", "cpu"]


@pytest.fixture
def segmented(tmp_path, monkeypatch):
    """Segment an image of some shape with so many bytes free."""

    def make(shape, *flags, free=10**9, axes="yx"):
        monkeypatch.setattr(needed, "computer_memory", lambda: free)
        image = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
        path, out = tmp_path / "image.tif", tmp_path / "labels.tif"
        tifffile.imwrite(path, image, imagej=True, metadata={"axes": axes.upper()})
        code = main(["segment", str(path), "-o", str(out), *FAST, *flags])
        return code, out.exists()

    return make


@pytest.mark.parametrize(
    ("shape", "axes", "flags", "advice"),
    [
        ((30, 40), "yx", (), "add --memory SIZE"),
        ((6, 30, 40), "zyx", (), "add --carry independent to go plane by plane, or add --memory"),
        ((6, 30, 40), "zyx", ("--carry", "warm"), "one of half the size"),
    ],
)
def test_what_is_too_large_names_the_flags_that_help(segmented, capsys, shape, axes, flags, advice):
    assert segmented(shape, *flags, free=1000, axes=axes) == (2, False)
    said = capsys.readouterr().err
    assert re.search(r"needs about \d", said)
    assert advice in said
    assert ("--memory" in said) == (not flags)


@pytest.mark.parametrize(
    ("shape", "axes", "flags", "said"),
    [
        ((30, 40), "yx", (), "for 30 x 40 pixels."),
        ((3, 30, 40), "zyx", ("--carry", "warm"), "for 3 planes of 30 x 40 pixels."),
    ],
)
def test_a_terminal_is_told_before_the_run(
    segmented, capsys, monkeypatch, shape, axes, flags, said
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert segmented(shape, *flags, axes=axes) == (0, True)
    first = capsys.readouterr().err.splitlines()[0]
    assert first.startswith("About 1 s")
    assert first.endswith(said)
