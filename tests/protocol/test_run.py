"""A run can be stepped, stopped and read at any moment, and ends with a reason."""

from __future__ import annotations

import dataclasses
import gc
import threading
import weakref
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

import napari_selfseg as ss
from napari_selfseg.protocol import DeviceLost, OutOfMemory, _run
from napari_selfseg.protocol._results import _run_results

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
TILES = np.arange(20)[:, None] // 4 * 6 + np.arange(24) // 4 + 1
VOTED = ss.Backprop(iterations=6, channels=6, min_labels=1)
PIXELS = VOTED.replace(variant="continuity")
PATIENCE = 20  # seconds until a thread that hangs fails the test


class Disturbed(ss.Backprop):
    """Backprop whose network calls `disturb` in the middle of a forward."""

    name: ClassVar[str] = "disturbed"
    title: ClassVar[str] = "Disturbed"
    disturb: ClassVar[Callable[[nn.Module], None]] = lambda network: None

    def network(self, in_channels, ndim, generator):
        network = super().network(in_channels, ndim, generator)
        network.classifier.register_forward_pre_hook(lambda *_: type(self).disturb(network))
        return network


@pytest.fixture
def disturbed(monkeypatch):
    """Make a run that calls a function in its k-th forward (from 0)."""

    def make(k, function, method=PIXELS, **options):
        calls = iter(range(1000))
        monkeypatch.setattr(
            Disturbed, "disturb", lambda network: function() if next(calls) == k else None
        )
        return start(Disturbed(**method.model_dump()), **options)

    return make


def picture(shape=(20, 24)):
    rng = np.random.default_rng(0)
    steps = np.add.outer(*(np.arange(n) // 7 for n in shape)) % 3
    return steps + rng.normal(scale=0.3, size=shape)


def start(method=PIXELS, **options):
    if method.variant == "superpixels":
        options = {"superpixels": TILES, **options}
    return ss.evolve(picture(), method, **{**QUICK, **options})


def raising(error):
    def function():
        raise error

    return function


def assert_same_result(run, other):
    np.testing.assert_array_equal(run.labels(), other.labels())
    assert run.iteration == other.iteration
    weights = other.fit.weights
    assert all(torch.equal(each, weights[name]) for name, each in run.fit.weights.items())


@pytest.mark.parametrize("method", [VOTED, PIXELS])
def test_iterating_advances_one_update_a_step_and_ends(method):
    run, seen = start(method), []
    for step in run:
        seen.append(step.iteration)
        assert step.total == 6
        np.testing.assert_array_equal(run.project(step.votes), run.labels(step.iteration))
        assert step.n_labels == len(np.unique(run.labels()))
    assert seen == list(range(7))
    assert run.iterations == tuple(seen)
    assert run.iteration == 6
    assert list(run) == []


def test_loss_of_a_step_is_the_sum_of_its_terms():
    run = start(PIXELS)
    for step in run:
        terms = {
            name: losses[step.iteration]
            for name, losses in run.losses.items()
            if step.iteration in losses
        }
        assert set(terms) == (set() if step.iteration == 6 else {"similarity", "continuity"})
        assert step.loss == pytest.approx(sum(terms.values()) if terms else np.nan, nan_ok=True)


def test_closing_step_shows_the_labels_of_the_fit():
    run = start(VOTED)
    *_, last = run
    expected = run.fit.predict(picture(), superpixels=TILES, device="cpu", threads=1)
    np.testing.assert_array_equal(run.project(last.votes), expected)
    assert last.n_raw_labels == len(run.fit.classes)


def test_reason_of_a_finished_run():
    run = start()
    assert (run.stop_reason, run.stopped) == ("", None)
    run.finish()
    assert run.stop_reason == run.stopped.sentence == "All 6 iterations are done."
    assert run.stopped.kind == "finished"
    assert run.finish() is run


@pytest.mark.parametrize("method", [VOTED, PIXELS])
@pytest.mark.parametrize("t", [1, 2, 5])
def test_stopped_run_equals_one_asked_for_as_many_iterations(method, t):
    run = start(method)
    for step in run:
        if step.iteration == t:
            run.stop()
    assert_same_result(run, start(method.replace(iterations=t)).finish())
    assert run.iterations == tuple(range(t + 1))
    assert run.stopped.kind == "asked"
    assert run.stop_reason == f"Stopped when asked, after {t} iterations."
    assert (run.record()["iterations"], run.record()["shown"]) == (t, t)


def test_stopping_before_the_first_step_gives_the_untrained_network():
    run = start()
    run.stop()
    run.finish()
    assert run.iterations == (0,)
    assert run.fit.classes == tuple(np.unique(run.labels()))
    assert run.stop_reason == "Stopped when asked, after 0 iterations."


def test_stopping_a_finished_run_changes_nothing():
    run = start().finish()
    before = run.labels()
    run.stop()
    run.close()
    assert run.finish().stopped.kind == "finished"
    np.testing.assert_array_equal(run.labels(), before)
    assert run.fit.classes


@pytest.mark.parametrize("method", [VOTED, PIXELS])
def test_stop_from_another_thread_ends_the_layer_under_way(disturbed, method):
    inside, asked = threading.Event(), threading.Event()

    def wait():
        inside.set()
        assert asked.wait(PATIENCE)

    run = disturbed(3, wait, method)
    worker = threading.Thread(target=run.finish)
    worker.start()
    assert inside.wait(PATIENCE)
    run.stop()
    asked.set()
    worker.join(PATIENCE)
    assert run.stopped.kind == "asked"
    assert run.iteration == 3
    assert_same_result(run, start(method.replace(iterations=3)).finish())


def test_stop_in_the_closing_forward_lets_it_finish(disturbed):
    run = disturbed(6, lambda: run.stop())
    assert_same_result(run.finish(), start().finish())
    assert run.stopped.kind == "finished"


def test_close_ends_at_once_and_keeps_what_was_found():
    run = start()
    next(run)
    next(run)
    run.close()
    assert run.stopped.kind == "abandoned"
    assert run.stop_reason == "Ended without a closing pass, after 1 iterations."
    assert run.iterations == (0, 1)
    np.testing.assert_array_equal(run.labels(0), start(PIXELS).finish().labels(0))
    assert list(run) == []
    with pytest.raises(ValueError, match="There is no fit: Ended without a closing pass"):
        _ = run.fit
    run.close()


def test_close_before_the_first_step():
    run = start()
    run.close()
    assert list(run) == []
    with pytest.raises(ValueError, match="no labels yet"):
        run.labels()


@pytest.mark.parametrize("k", [2, 6])
def test_abandoning_from_another_thread_ends_also_the_closing_forward(disturbed, k):
    inside, asked = threading.Event(), threading.Event()

    def wait():
        inside.set()
        assert asked.wait(PATIENCE)

    run = disturbed(k, wait)
    worker = threading.Thread(target=run.finish)
    worker.start()
    assert inside.wait(PATIENCE)
    run.abandon()
    asked.set()
    worker.join(PATIENCE)
    assert run.stopped.kind == "abandoned"
    assert run.iterations == tuple(range(k))
    with pytest.raises(ValueError, match="There is no fit"):
        _ = run.fit


@pytest.mark.parametrize("k", [0, 3, 6])
def test_failure_keeps_what_was_found(disturbed, k):
    run = disturbed(k, raising(RuntimeError("the cat sat on the keyboard")))
    with pytest.raises(RuntimeError, match="cat"):
        run.finish()
    assert run.stopped.kind == "failed"
    sentence = f"The run failed after {k} iterations: the cat sat on the keyboard"
    assert run.stop_reason.startswith(sentence)
    assert run.iterations == tuple(range(k))
    assert list(run) == []
    if k:
        np.testing.assert_array_equal(run.labels(k - 1), start().finish().labels(k - 1))
        assert len(run.losses["similarity"]) == k
    with pytest.raises(ValueError, match="There is no fit: The run failed"):
        _ = run.fit


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes"),
        torch.OutOfMemoryError("CUDA out of memory."),
        MemoryError(),
    ],
)
@pytest.mark.parametrize("k", [2, 6], ids=["in a step", "in the closing forward"])
def test_memory_that_ran_out_is_said_in_a_sentence(disturbed, k, error):
    run = disturbed(k, raising(error))
    with pytest.raises(OutOfMemory, match="Not enough memory for this run: use fewer channels"):
        run.finish()
    assert run.iterations == tuple(range(k))
    assert run.stopped.kind == "failed"
    assert run.stop_reason.endswith(f"after {k} iterations: not enough memory.")


def test_interrupt_from_the_keyboard_leaves_a_run_that_can_be_closed(disturbed):
    run = disturbed(2, raising(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run.finish()
    assert_same_result(run.finish(), start(PIXELS.replace(iterations=2)).finish())
    assert run.stopped.kind == "asked"


@pytest.mark.parametrize("error", [None, RuntimeError("no"), KeyboardInterrupt()])
def test_threads_are_restored(disturbed, error):
    before, seen = torch.get_num_threads(), []

    def look():
        seen.append(torch.get_num_threads())
        if error:
            raise error

    run = disturbed(1, look, threads=before + 1)
    next(run)
    assert torch.get_num_threads() == before
    try:
        run.finish()
    except (RuntimeError, KeyboardInterrupt):
        assert error
    assert seen == [before + 1]
    assert torch.get_num_threads() == before


def test_labels_that_are_not_there_are_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr(_run_results, "HISTORY_BYTES", 3 * 20 * 24)
    run = start()
    with pytest.raises(ValueError, match="no labels yet: take at least one step"):
        run.labels()
    run.finish()
    assert run.iterations == (0, 4, 6)
    with pytest.raises(ValueError, match="Iteration 3 was not kept; the nearest one is 4"):
        run.labels(3)
    with pytest.raises(ValueError, match="Iteration -1 was not kept; the nearest one is 0"):
        run.labels(-1)
    for image in (1, -1):
        with pytest.raises(ValueError, match=f"There is no image {image}: the run has 1"):
            run.labels(image=image)


def test_labels_are_a_new_array_every_time():
    run = start(VOTED).finish()
    run.labels()[:] = 0
    assert run.labels().all()
    pixels = start(PIXELS).finish()
    pixels.labels()[:] = 0
    assert pixels.labels().all()


def test_labels_may_be_read_while_the_history_is_thinned(monkeypatch):
    """Another thread adds between the question which maps there are and the reading of one."""
    monkeypatch.setattr(_run_results, "HISTORY_BYTES", 3 * 20 * 24)
    run = start(PIXELS.replace(iterations=9))
    for _ in range(6):
        next(run)
    asked = _run_results.History.iterations
    advance = iter([run, None])

    def iterations(self):
        found = asked.fget(self)
        if (ahead := next(advance, None)) is not None:
            next(ahead)
        return found

    assert run.iterations[-1] == 5
    monkeypatch.setattr(_run_results.History, "iterations", property(iterations))
    assert run.labels().all()


def test_reading_the_fit_on_the_way_changes_nothing():
    run, fits = start(), []
    for step in run:
        fits.append((step.iteration, run.fit))
    assert_same_result(run, start().finish())
    for t, fit in fits[1:]:
        expected = start(PIXELS.replace(iterations=t)).finish().fit
        assert all(torch.equal(each, expected.weights[name]) for name, each in fit.weights.items())


def test_fit_can_be_read_between_the_wish_to_stop_and_the_end():
    run = start()
    next(run)
    run.stop()
    assert run.fit.classes


def test_memory_of_the_device_is_given_back_at_the_end():
    run = start().finish()
    assert run._training._network is None
    assert run._training._inputs is None


ENDS = {
    "finished": lambda run: run.finish(),
    "stopped": lambda run: (run.stop(), run.finish()),
    "abandoned": lambda run: (run.abandon(), run.finish()),
    "closed": lambda run: run.close(),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_every_end_frees_the_network_and_gives_the_memory_back(monkeypatch, end):
    freed = []
    monkeypatch.setattr(_run, "release_freed_memory", lambda: freed.append("heap"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: freed.append("device"))
    run = start()
    next(run)
    watched = [weakref.ref(each) for each in (run._training._network, run._training._inputs)]
    assert freed == []
    end(run)
    gc.collect()
    assert freed == ["heap", "device"]
    assert [each() for each in watched] == [None, None]
    assert run.labels().all()


def test_iterations_kept_are_those_of_the_record():
    run = start()
    assert run.record()["shown"] == 0
    run.finish()
    assert run.record()["shown"] == 6
    assert run.record(3)["shown"] == 3


def test_a_record_shows_an_iteration_that_was_kept():
    with pytest.raises(ValueError, match="Iteration 99 was not kept"):
        start().finish().record(99)


class Unreadable(ss.Backprop):
    """Backprop on a device that fails after four steps, and takes what it holds with it."""

    name: ClassVar[str] = "unreadable"
    title: ClassVar[str] = "Unreadable"
    gone: ClassVar[frozenset[int]] = frozenset()

    def steps(self, network, inputs):
        for step in super().steps(network, inputs):
            if step.iteration == 4:
                raise RuntimeError("CUDA error: unspecified launch failure\nSearch for it online.")
            where = "meta" if step.iteration in type(self).gone else "cpu"
            losses = {name: value.to(where) for name, value in step.losses.items()}
            yield dataclasses.replace(step, votes=step.votes.to(where), losses=losses)


@pytest.mark.parametrize("gone", [(), (1,), (0, 2), (0, 1, 2, 3)])
def test_after_the_loss_of_a_device_all_that_can_be_read_is_kept(monkeypatch, gone):
    """A tensor on the meta device has no data, and reading it fails as on a lost device."""
    monkeypatch.setattr(Unreadable, "gone", frozenset(gone))
    run = start(Unreadable(**PIXELS.model_dump()))
    with pytest.raises(DeviceLost, match="The device stopped working") as caught:
        run.finish()
    assert "launch failure" in str(caught.value.__cause__)
    assert run.stopped.kind == "failed"
    assert run.stop_reason == (
        "The run failed after 4 iterations: the device stopped working (CUDA error: unspecified "
        "launch failure): choose the CPU, or restart the program."
    )
    kept = tuple(t for t in range(4) if t not in gone)
    assert run.iterations == kept == tuple(run.losses["similarity"])
    whole = start().finish()
    for t in kept:
        np.testing.assert_array_equal(run.labels(t), whole.labels(t))
    if not kept:
        with pytest.raises(ValueError, match="were lost with the device"):
            run.labels()
    run.close()
    assert run.stopped.kind == "failed"


def test_a_device_that_refuses_to_be_cleared_does_not_hide_the_first_error(disturbed, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", raising(RuntimeError("CUDA error: again")))
    run = disturbed(3, raising(RuntimeError("CUDA error: first")))
    with pytest.raises(DeviceLost, match="first"):
        run.finish()
    assert run.iterations == (0, 1, 2)


def test_a_fit_read_on_the_way_explains_what_failed(disturbed):
    run = disturbed(1, raising(MemoryError()))
    next(run)
    with pytest.raises(OutOfMemory, match="Not enough memory for this run"):
        _ = run.fit
