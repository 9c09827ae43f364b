"""``--outlines image``: in every command that gives labels, and refused where it cannot be."""

from __future__ import annotations

import dataclasses

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from napari_selfseg import Backprop, Patches, apply_fit, segment
from napari_selfseg.cli import main
from napari_selfseg.io import load_fit, read_record, save_fit

QUICK = ["--method", "backprop", "--iterations", "3", "--channels", "8", "--superpixels", "patches"]
HERE = ["--device", "cpu", "--threads", "1"]
FAST = [*QUICK, *HERE]
METHOD = Backprop(iterations=3, channels=8)


@pytest.fixture
def disc(tmp_path):
    """A picture of a disc, which no square superpixel follows."""
    y, x = np.indices((40, 48))
    inside = (y - 19) ** 2 + (x - 22) ** 2 < 150
    noise = np.random.default_rng(0).integers(0, 12, (40, 48))
    path = tmp_path / "disc.png"
    iio.imwrite(path, (150 * inside + noise).astype(np.uint8))
    return path


def expected(disc, outlines="image"):
    how = {"device": "cpu", "threads": 1, "superpixels": Patches()}
    return segment(iio.imread(disc), METHOD, outlines=outlines, **how)


def refused(capsys, *words):
    code = main(list(map(str, words)))
    (line,) = capsys.readouterr().err.splitlines()
    assert code == 2
    return line


def test_segment_and_replay(disc, tmp_path):
    out, again, cut = (tmp_path / f"{name}.tif" for name in ("out", "again", "cut"))
    flags = ["--outlines", "image"]
    assert main(["segment", str(disc), "-o", str(out), *FAST, *flags]) == 0
    run = expected(disc)
    np.testing.assert_array_equal(tifffile.imread(out), run.labels())
    assert (run.labels() != expected(disc, "superpixels").labels()).any(), "test invalid"
    assert read_record(out)["method"]["outlines"] == "image"
    assert main(["replay", str(out), "-o", str(again)]) == 0
    np.testing.assert_array_equal(tifffile.imread(again), run.labels())
    assert main(["segment", str(disc), "-o", str(cut), *FAST, *flags, "--segments", "6"]) == 0
    np.testing.assert_array_equal(tifffile.imread(cut), run.cut(6))
    assert main(["replay", str(cut), "-o", str(again)]) == 0
    np.testing.assert_array_equal(tifffile.imread(again), run.cut(6))


@pytest.mark.parametrize("more", [[], ["--segments", "6"], ["--connected"]])
def test_batch_and_its_recipe(disc, tmp_path, more):
    out = tmp_path / "out"
    assert main(["batch", str(disc), "-o", str(out), *FAST, "--outlines", "image", *more]) == 0
    labels = tifffile.imread(out / "disc.tif")
    if not more:
        np.testing.assert_array_equal(labels, expected(disc).labels())
    if "--segments" in more:
        np.testing.assert_array_equal(labels, expected(disc).cut(6))
    again = tmp_path / "again"
    recipe = ["--recipe", str(out / "disc.tif")]
    assert main(["batch", str(disc), "-o", str(again), *recipe, *HERE]) == 0
    np.testing.assert_array_equal(tifffile.imread(again / "disc.tif"), labels)
    assert main(["replay", str(again / "disc.tif"), "-o", str(tmp_path / "replayed.tif")]) == 0
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "replayed.tif"), labels)


def test_apply_takes_those_of_the_model_or_others(disc, tmp_path):
    model, out = tmp_path / "model.safetensors", tmp_path / "out"
    fit = expected(disc).fit
    save_fit(fit, model)
    assert load_fit(model).method.outlines == "image"
    plain = dataclasses.replace(fit, method=METHOD)
    for flags, by in ([], fit), (["--outlines", "superpixels"], plain):
        assert main(["apply", str(model), str(disc), "-o", str(out), *HERE, *flags]) == 0
        labels, _ = apply_fit(by, iio.imread(disc), device="cpu", threads=1)
        np.testing.assert_array_equal(tifffile.imread(out / "disc.tif"), labels)
        assert read_record(out / "disc.tif")["fitted"]["outlines"] == by.method.outlines


def test_tiles_are_refused_before_anything_is_learned(disc, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("napari_selfseg.scale._training._fit_samples.evolve", None)
    out = tmp_path / "out.ome.zarr"
    flags = [*FAST[:6], *HERE, "--outlines", "image"]
    for words in (["segment", disc, "-o", out, "--tile", "32"], ["plan", disc, "-o", out]):
        line = refused(capsys, *words, *flags)
        assert line.endswith("give --outlines superpixels, or leave out --memory and --tile.")
        assert not out.exists()
    model = tmp_path / "model.safetensors"
    save_fit(expected(disc).fit, model)
    words = ["apply", model, disc, "-o", tmp_path / "labels", "--tile", "32", *HERE]
    assert main(list(map(str, words))) == 1
    assert "give --outlines superpixels" in capsys.readouterr().err


def test_a_batch_that_does_not_fit_says_so(disc, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("napari_selfseg.scale._label._label._fits", lambda piece, image: False)
    words = ["batch", str(disc), "-o", str(tmp_path / "out"), *FAST, "--outlines", "image"]
    assert main(words) == 1
    assert "there are no outlines along the image: allow more memory" in capsys.readouterr().err
