"""What goes wrong is said in a sentence that says what to do, and what was found is kept.

Here through the functions a script calls; the parts are tested beside themselves.
"""

from __future__ import annotations

import contextlib
import gc
import threading
import weakref
from typing import ClassVar

import numpy as np
import pytest
import torch

import napari_selfseg as ss
from napari_selfseg.protocol import DeviceLost, OutOfMemory

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
HERE = {"device": "cpu", "threads": 1}
PATIENCE = 60  # seconds until a thread that hangs fails the test
PIXELS = ss.Backprop(iterations=5, channels=6, min_labels=1, variant="continuity")
VOTED = PIXELS.replace(variant="superpixels")


def picture(seed=0, shape=(20, 24)):
    rng = np.random.default_rng(seed)
    steps = np.add.outer(*(np.arange(n) // 7 for n in shape)) % 3
    return steps + rng.normal(scale=0.3, size=shape)


class Failing(ss.Backprop):
    """Backprop that raises an error where its third update would end."""

    name: ClassVar[str] = "failing"
    title: ClassVar[str] = "Failing"
    error: ClassVar[Exception]
    watched: ClassVar[list[weakref.ref]]

    def steps(self, network, inputs):
        type(self).watched += [weakref.ref(network), weakref.ref(inputs), weakref.ref(inputs.x)]
        steps = super().steps(network, inputs)
        for _ in range(3):
            yield next(steps)
        raise type(self).error


@pytest.fixture
def failing(monkeypatch):
    """Make a run whose method raises after three iterations."""

    def make(error, method=PIXELS):
        monkeypatch.setattr(Failing, "error", error, raising=False)
        monkeypatch.setattr(Failing, "watched", [], raising=False)
        return ss.evolve(picture(), Failing(**method.model_dump()), **QUICK)

    return make


def raising(error):
    def function(*args, **options):
        raise error

    return function


def failed(run, kind, sentence):
    with pytest.raises(kind, match=sentence):
        run.finish()
    return run


FAILURES = [
    (RuntimeError("boom"), RuntimeError, "boom", "boom"),
    (KeyError(), KeyError, "^$", "KeyError"),
    (
        torch.OutOfMemoryError("CUDA out of memory."),
        OutOfMemory,
        "Not enough memory for this run: use fewer channels",
        "not enough memory.",
    ),
    (
        RuntimeError("CUDA error: device-side assert triggered"),
        DeviceLost,
        "choose the CPU, or restart the program",
        "the device stopped working (CUDA error: device-side assert triggered): choose the CPU, or "
        "restart the program.",
    ),
]


@pytest.mark.parametrize("method", [PIXELS, VOTED], ids=["continuity", "superpixels"])
@pytest.mark.parametrize(("error", "kind", "sentence", "reason"), FAILURES)
def test_a_method_that_fails_keeps_its_iterations(failing, method, error, kind, sentence, reason):
    run = failed(failing(error, method), kind, sentence)
    assert run.stopped.kind == "failed"
    assert run.stop_reason == f"The run failed after 2 iterations: {reason}"
    assert run.iterations == (0, 1, 2)
    whole = ss.segment(picture(), method, **QUICK)
    for t in range(3):
        np.testing.assert_array_equal(run.labels(t), whole.labels(t))
        assert run.losses["similarity"][t] == whole.losses["similarity"][t]
    assert run.record()["stop"]["kind"] == "failed"
    with pytest.raises(ValueError, match="There is no fit: The run failed"):
        _ = run.fit


@pytest.mark.parametrize(("error", "kind", "sentence", "reason"), FAILURES)
def test_a_failure_frees_the_network_and_its_inputs(failing, error, kind, sentence, reason):
    run = failed(failing(error), kind, sentence)
    error.__traceback__ = None
    gc.collect()
    assert [each() for each in Failing.watched] == [None] * 3
    assert run.labels().all()


def test_a_notebook_that_keeps_the_error_does_not_keep_the_memory(failing):
    run = failing(MemoryError())
    with pytest.raises(OutOfMemory) as caught:
        run.finish()
    gc.collect()
    assert [each() for each in Failing.watched] == [None] * 3
    assert isinstance(caught.value.__cause__, MemoryError)


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (MemoryError(), OutOfMemory, "Not enough memory for this run"),
        (RuntimeError("CUDA error: device lost"), DeviceLost, "choose the CPU, or restart"),
    ],
)
def test_a_prediction_that_the_machine_refuses_leaves_the_fit(monkeypatch, error, kind, sentence):
    run = ss.segment(picture(), PIXELS, **QUICK)
    with monkeypatch.context() as patch:
        patch.setattr(ss.Backprop, "predict", raising(error))
        with pytest.raises(kind, match=sentence):
            run.fit.predict(picture(), **HERE)
    np.testing.assert_array_equal(run.fit.predict(picture(), **HERE), run.labels())


def test_more_superpixels_than_pixels_are_as_many_as_there_are():
    image = picture(shape=(5, 4))
    run = ss.segment(image, VOTED, superpixels=ss.Slic(n_segments=10_000), **QUICK)
    assert run.superpixels[0].max() <= image.size
    assert run.labels().all()


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (1, 1, 2)])
def test_two_pixels_are_enough(shape):
    labels = ss.segment(np.arange(2.0).reshape(shape), VOTED, **QUICK).labels()
    assert labels.shape == shape
    assert labels.all()


def test_one_pixel_with_data_is_refused():
    mask = np.zeros((20, 24), bool)
    mask[3, 4] = True
    with pytest.raises(ValueError, match="constant"):
        ss.evolve(picture(), PIXELS, mask=mask, **QUICK)


def evolution(run):
    return np.stack([run.labels(t) for t in run.iterations])


def test_two_runs_at_once_give_what_each_gives_alone():
    methods = [VOTED.replace(seed=seed, channels=8 + seed) for seed in range(2)]
    expected = [evolution(ss.segment(picture(), method, **QUICK)) for method in methods]
    together, found = threading.Barrier(2, timeout=PATIENCE), {}

    def work(k):
        run = ss.evolve(picture(), methods[k], **QUICK)
        for _ in run:
            if run.stopped is None:
                together.wait()
        found[k] = evolution(run)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(PATIENCE)
    for k in range(2):
        np.testing.assert_array_equal(found[k], expected[k])
    assert (expected[0] != expected[1]).any(), "test invalid"


def test_a_failure_beside_another_run_leaves_that_alone(failing):
    bad, good = failing(RuntimeError("boom")), ss.evolve(picture(), PIXELS, **QUICK)
    next(good)
    failed(bad, RuntimeError, "boom")
    expected = evolution(ss.segment(picture(), PIXELS, **QUICK))
    np.testing.assert_array_equal(evolution(good.finish()), expected)


@pytest.fixture
def no_room():
    """Let this process write no file of more than a kilobyte, as if the disk were full."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextlib.contextmanager
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


@pytest.mark.parametrize(
    "name",
    [
        "a.tif",
        "a.safetensors",
    ],
)
def test_a_file_without_room_keeps_the_older_one_and_the_run(tmp_path, no_room, name):
    run, path = ss.segment(picture(), PIXELS, **QUICK), tmp_path / name

    def write():
        if path.suffix == ".tif":
            ss.write_labels(path, run.labels(), record=run.record())
        else:
            ss.save_fit(run.fit, path)

    write()
    before = path.read_bytes()
    assert len(before) > 1024, "test invalid"
    with pytest.raises(OSError, match=r"^Cannot write .*a\..*File too large"), no_room():
        write()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    write()


def test_what_is_refused_changes_nothing():
    image, scribbles = picture(), np.full((20, 24), 9)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    with pytest.raises(ValueError, match="The scribbles name class 9, the method has 6: draw with"):
        ss.evolve(image, PIXELS, scribbles=scribbles, **QUICK)
    np.testing.assert_array_equal(image, picture())
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
