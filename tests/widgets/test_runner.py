"""Jobs, called in this thread or a plain one: no Qt."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from napari_selfseg.methods import Backprop
from napari_selfseg.superpixels import Slic
from napari_selfseg.widgets.model.image_source import Picture, read
from napari_selfseg.widgets.model.state import Form, resolve
from napari_selfseg.widgets.work.job import Job, Update
from napari_selfseg.widgets.work.live_job import Ended
from napari_selfseg.widgets.work.runner import sentence_of

QUICK = {"iterations": 5, "channels": 8, "min_labels": 1}
LONG = {**QUICK, "iterations": 100_000}


class Failing(Backprop):
    title = "Failing"

    def steps(self, network, inputs):
        for t, step in enumerate(super().steps(network, inputs)):
            if t == 3:
                raise RuntimeError("the kernel is gone")
            yield step


class Disturbed(Backprop):
    """Calls a function before it hands over its third update."""

    title = "Disturbed"

    def steps(self, network, inputs):
        for t, step in enumerate(super().steps(network, inputs)):
            if t == 3:
                type(self).disturb()
            yield step


def request(values=QUICK, method=Backprop, image=None):
    data = np.random.default_rng(0).integers(0, 255, (32, 32)).astype(np.uint8)
    data = data if image is None else image
    picture = Picture(("noise",), (data,), False, (1.0, 1.0), (0, 0), (0, 1))
    form = Form(method, values, Slic, {"n_segments": 60}, precision="float32")
    return resolve(form, picture)


def end_of(job):
    ended = job.mailbox.take()
    assert isinstance(ended, Ended)
    return ended


def in_background(job):
    thread = threading.Thread(target=job, daemon=True)
    thread.start()
    return thread


def until_update(job):
    for _ in range(2000):
        message = job.mailbox.take()
        if isinstance(message, Update):
            return message
        threading.Event().wait(0.005)
    pytest.fail("no update came")


def test_the_end_is_told_with_labels_and_record():
    job = Job(request())
    job()
    ended = end_of(job)
    assert (ended.failed, ended.iteration, ended.total) == (False, 5, 5)
    assert ended.sentence == "All 5 iterations are done."
    assert ended.labels.shape == (32, 32)
    assert ended.labels.min() >= 1
    assert ended.record["method"] == Backprop(**QUICK).as_dict()
    assert ended.record["images"][0]["name"] == "noise"
    assert ended.record["source"]["layers"] == ["noise"]
    assert ended.run.iterations == (0, 1, 2, 3, 4, 5)


def test_the_labels_are_those_of_a_script():
    from napari_selfseg import segment

    job = Job(request())
    job()
    asked = request()
    run = segment(
        read(asked.picture, asked.index),
        asked.method,
        superpixels=asked.superpixels,
        precision="float32",
        threads=asked.threads,
    )
    np.testing.assert_array_equal(end_of(job).labels, run.labels())


def test_a_step_is_turned_into_labels_only_when_the_reader_is_ready(monkeypatch):
    from napari_selfseg.protocol import Run

    made, project = [], Run.project
    monkeypatch.setattr(Run, "project", lambda *args: made.append(1) or project(*args))
    Job(request())()
    assert len(made) == 2, "one for the reader who never came, one at the end"


def test_updates_hold_labels_and_the_record_of_their_iteration():
    job = Job(request(LONG))
    thread = in_background(job)
    update = until_update(job)
    job.abandon()
    thread.join(5)
    assert update.labels.shape == (32, 32)
    assert update.record["shown"] == update.iteration
    assert list(update.losses) == ["similarity"]
    assert update.sentence.startswith(f"Iteration {update.iteration} of 100000 - ")


def test_stop_settles_the_labels():
    job = Job(request(LONG))
    thread = in_background(job)
    until_update(job)
    job.stop()
    thread.join(5)
    assert not thread.is_alive()
    ended = end_of(job)
    assert ended.sentence.startswith("Stopped when asked, after ")
    assert ended.record["stop"]["kind"] == "asked"


def test_stop_before_the_run_began_is_heard():
    job = Job(request(LONG))
    job.stop()
    job()
    assert end_of(job).sentence == "Stopped when asked, after 0 iterations."


def test_an_abandoned_job_ends_without_a_closing_pass():
    job = Job(request(LONG))
    thread = in_background(job)
    until_update(job)
    job.abandon()
    thread.join(5)
    assert not thread.is_alive()
    ended = end_of(job)
    assert not ended.failed
    assert ended.record["stop"]["kind"] == "abandoned"
    assert ended.labels.shape == (32, 32)


def test_a_job_abandoned_between_two_steps_is_ended_too(monkeypatch):
    job = Job(request(LONG, Disturbed))
    monkeypatch.setattr(Disturbed, "disturb", job.abandon, raising=False)
    job()
    ended = end_of(job)
    assert ended.sentence == "Ended without a closing pass, after 3 iterations."
    assert ended.record["stop"]["kind"] == "abandoned"
    assert ended.iteration == 3


def test_a_job_abandoned_inside_a_layer_ends_there(monkeypatch):
    job, network = Job(request(LONG)), Backprop.network

    def watched(self, *args):
        made = network(self, *args)
        made.classifier.register_forward_pre_hook(lambda *_: job.abandon())
        return made

    monkeypatch.setattr(Backprop, "network", watched)
    job()
    ended = end_of(job)
    assert ended.sentence == "Ended without a closing pass, after 0 iterations."
    assert ended.labels is None, "not even those of the step under way"


def test_a_job_abandoned_before_it_began_does_nothing():
    job = Job(request(LONG))
    job.abandon()
    job()
    ended = end_of(job)
    assert (ended.failed, ended.labels) == (False, None)


def test_a_runtime_error_is_told_and_what_was_found_is_kept(caplog):
    job = Job(request(method=Failing))
    job()
    ended = end_of(job)
    assert ended.failed
    assert ended.sentence == "The run failed after 3 iterations: the kernel is gone"
    assert ended.labels.shape == (32, 32)
    assert "the kernel is gone" in caplog.text, "the traceback is for the developers"


def test_memory_that_ran_out_says_what_to_reduce_and_what_is_kept(monkeypatch):
    def full():
        raise MemoryError

    monkeypatch.setattr(Disturbed, "disturb", full, raising=False)
    job = Job(request(method=Disturbed))
    job()
    ended = end_of(job)
    assert ended.failed
    assert ended.sentence == (
        "Not enough memory for this run: use fewer channels, a smaller part of the image, or "
        "another device. The labels of 3 iterations are kept."
    )
    assert ended.run.iterations == (0, 1, 2)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("The image is empty."), "The image is empty."),
        (MemoryError("Too large."), "Too large."),
        (MemoryError(), "Saving failed: there is not enough memory. Try a smaller part"),
        (OSError("no room"), "Saving failed: no room"),
        (KeyError(), "Saving failed: KeyError"),
    ],
)
def test_every_error_is_a_sentence(error, sentence):
    assert sentence_of(error, "Saving").startswith(sentence)


def test_a_bad_image_is_one_sentence():
    image = np.zeros((32, 32))
    image[3, 3] = np.nan
    job = Job(request(image=image))
    job()
    ended = end_of(job)
    assert ended.failed
    assert "NaN or infinite values in 1 pixel" in ended.sentence
    assert ended.labels is None


def test_an_unknown_device_is_one_sentence():
    job = Job(replace(request(), device="cuda:99"))
    job()
    assert end_of(job).sentence == "The device 'cuda:99' is not available here: use auto or cpu."
