"""Ctrl-C and SIGTERM: what is kept is said, and the exit code is 130."""

from __future__ import annotations

import signal

import numpy as np
import pytest
import tifffile

from napari_selfseg import Backprop
from napari_selfseg.cli import main
from napari_selfseg.io import load_fit, open_labels, read_progress
from napari_selfseg.scale._tiles import _tile_work as tile_work

METHOD = ["--method", "backprop", "--channels", "6", "--min-labels", "1", "--device", "cpu"]
TILES = ["--tile", "32", "--samples", "2", "--sample-size", "24"]


@pytest.fixture(autouse=True)
def heard():
    """Python leaves the signal alone where the tests themselves run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.tif"
    rng = np.random.default_rng(0)
    tifffile.imwrite(path, rng.integers(1, 255, (40, 56, 3), np.uint8), photometric="rgb")
    return str(path)


@pytest.fixture
def pressed(monkeypatch):
    """Send a signal so many times after the second step of the N-th run."""
    steps, runs = Backprop.steps, []

    def make(times=1, number=signal.SIGINT, run=1):
        def sending(self, network, inputs):
            runs.append(self)
            for t, step in enumerate(steps(self, network, inputs)):
                yield step
                for _ in range(times if t == 1 and len(runs) == run else 0):
                    signal.raise_signal(number)

        monkeypatch.setattr(Backprop, "steps", sending)

    return make


def said(capsys, *words):
    """Run what is interrupted; return its last line."""
    capsys.readouterr()
    assert main([str(word) for word in words]) == 130
    lines = capsys.readouterr().err.splitlines()
    assert not any("Traceback" in line for line in lines)
    return lines[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["segment", "plan"])
def test_tiles_are_not_labelled_by_what_is_half_learned(
    image, tmp_path, capsys, pressed, command, number
):
    pressed(number=number)
    words = [command, image, "-o", tmp_path / "l.ome.zarr", *METHOD, "--iterations", "9", *TILES]
    line = said(capsys, *words)
    assert line == "napari-selfseg: Interrupted while it learned; nothing was written."
    assert [each.name for each in tmp_path.iterdir()] == ["image.tif"]


@pytest.mark.parametrize("times", [1, 2])
def test_tiles_that_are_done_stay(image, tmp_path, capsys, monkeypatch, times):
    predict, done = tile_work._predict, []

    def sending(plan, number):
        done.append(number)
        for _ in range(times if len(done) == 2 else 0):
            signal.raise_signal(signal.SIGTERM)
        return predict(plan, number)

    monkeypatch.setattr(tile_work, "_predict", sending)
    out = tmp_path / "l.ome.zarr"
    words = ["segment", image, "-o", out, *METHOD, "--iterations", "2", *TILES]
    kept = 3 - times
    assert said(capsys, *words) == (
        f"napari-selfseg: Interrupted; {kept} of 4 tiles are done and stay in {out}: "
        "--resume goes on."
    )
    done[:] = range(9)
    assert main([*map(str, words), "--resume"]) == 0
    assert len(done) == 9 + 4 - kept
    assert (open_labels(out)[:] > 0).all()


@pytest.mark.parametrize("times", [1, 2])
def test_a_training_keeps_its_checkpoint(image, tmp_path, capsys, pressed, times):
    model = tmp_path / "m.safetensors"
    words = ["train", image, "-o", model, *METHOD, "--iterations", "9", "--checkpoint-every", "1"]
    pressed(times)
    line = said(capsys, *words)
    assert line == (
        f"napari-selfseg: Interrupted; {model} holds a checkpoint after 1 iterations: "
        "--resume goes on."
    )
    assert main([*map(str, words), "--resume"]) == 0
    assert read_progress(model) == 9


def test_an_interrupt_before_the_first_checkpoint_is_said(image, tmp_path, capsys, pressed):
    pressed(2)
    words = ["train", image, "-o", tmp_path / "m.safetensors", *METHOD, "--iterations", "9"]
    assert said(capsys, *words).endswith("before the first checkpoint; nothing was written.")


def test_a_batch_says_how_far_it_came(image, tmp_path, capsys, pressed):
    tifffile.imwrite(tmp_path / "a.tif", tifffile.imread(image), photometric="rgb")
    pressed(run=2)
    words = ["batch", tmp_path / "*.tif", "-o", tmp_path / "out", *METHOD, "--iterations", "3"]
    line = said(capsys, *words)
    assert line.startswith("napari-selfseg: Interrupted; 1 of 2 done, 1 left, see ")
    assert line.endswith(" --resume does what is left.")


def test_images_that_a_model_has_labelled_stay(image, tmp_path, capsys, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", tifffile.imread(image), photometric="rgb")
    model = tmp_path / "m.safetensors"
    assert main(["train", image, "-o", str(model), *METHOD, "--iterations", "1"]) == 0
    fit, predict, images = load_fit(model), type(load_fit(model)).predict, []

    def sending(self, *args, **kwargs):
        images.append(args)
        if len(images) == 2:
            signal.raise_signal(signal.SIGINT)
        return predict(self, *args, **kwargs)

    monkeypatch.setattr(type(fit), "predict", sending)
    line = said(capsys, "apply", model, tmp_path / "*.tif", "-o", tmp_path / "out")
    assert line == "napari-selfseg: Interrupted; 1 of 2 images are done."


@pytest.mark.parametrize("error", [ImportError("numpy is broken"), ValueError("no"), None])
def test_an_interrupt_that_a_library_swallows_is_one(capsys, monkeypatch, error):
    def swallowing(args):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            if error is not None:
                raise error from None
        return 0

    monkeypatch.setattr("napari_selfseg.cli._methods._run", swallowing)
    assert main(["methods"]) == 130
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_a_process_ignores_stays_ignored(image, tmp_path, pressed):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        pressed(number=signal.SIGTERM)
        words = ["segment", image, "-o", str(tmp_path / "l.tif"), *METHOD, "--iterations", "3"]
        assert main(words) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
