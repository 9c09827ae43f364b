"""Something to see at once: a first look, and colours that stay when the run has labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

import napari_selfseg as ss
from napari_selfseg.consensus import Consensus
from napari_selfseg.methods import Backprop
from napari_selfseg.protocol import _first_look
from napari_selfseg.widgets.canvas.colours.steady_colours import following
from napari_selfseg.widgets.canvas.label_layer import Canvas, palette
from napari_selfseg.widgets.canvas.layers import describe_image
from napari_selfseg.widgets.model.image_source import Picture
from napari_selfseg.widgets.model.overlay import Covered
from napari_selfseg.widgets.model.state import Form, resolve
from napari_selfseg.widgets.model.words import (
    CLOSING,
    FINDING,
    LEARNING,
    LOOKING,
    PIECES,
    READING,
    TRYING,
    preparing,
)
from napari_selfseg.widgets.work.job import Early, Job
from napari_selfseg.widgets.work.live_job import Ended


def scene():
    """Return a picture of three grey bands with noise."""
    rng = np.random.default_rng(0)
    bands = np.repeat([60, 120, 190], 40)[None] + 6 * rng.normal(size=(90, 120))
    return bands.clip(0, 255).astype(np.uint8)


def request(method=Consensus, values=(), superpixels=None, **overrides):
    picture = Picture(("bands",), (scene(),), False, (1.0, 1.0), (0, 0), (0, 1))
    given = {} if superpixels is None else {"n_segments": 60}
    return resolve(Form(method, dict(values), superpixels, given, **overrides), picture)


@pytest.fixture
def soon(monkeypatch):
    """Take small images for large ones."""
    monkeypatch.setattr(_first_look, "LARGE", 5000)
    monkeypatch.setattr(_first_look, "FEWER", 4)


def messages_of(job, monkeypatch):
    """Return all that a job puts into its mailbox."""
    found = []
    put = job.mailbox.put
    monkeypatch.setattr(job.mailbox, "put", lambda each: (found.append(each), put(each)))
    job()
    return found


class Telling(Job):
    """Keeps every stage."""

    def __setattr__(self, name, value):
        if name == "stage" and value:
            self.__dict__.setdefault("stages", []).append(value)
        super().__setattr__(name, value)


def test_what_is_done_before_there_are_labels_is_said(soon):
    job = Telling(request())
    job()
    assert job.stages == [READING, LOOKING, TRYING, PIECES, FINDING]
    job = Telling(request(Backprop, {"iterations": 2, "channels": 4, "min_labels": 1}))
    job()
    assert job.stages == [READING, TRYING, PIECES, LEARNING, CLOSING]
    assert preparing(PIECES, 3.4) == f"{PIECES}... 3 s"
    assert preparing(PIECES, 0.3) == f"{PIECES}..."


def test_a_first_look_comes_first_and_changes_no_label(soon, monkeypatch):
    first, *_, last = messages_of(Job(request()), monkeypatch)
    assert isinstance(first, Early)
    assert first.labels.shape == (90, 120)
    assert len(np.unique(first.labels)) >= 2
    assert isinstance(last, Ended)
    alone = ss.segment(scene(), threads=1, device="cpu")
    np.testing.assert_array_equal(last.labels, alone.labels())
    assert last.run.hierarchy().automatic == alone.hierarchy().automatic


def test_superpixels_that_are_chosen_are_used(soon, monkeypatch):
    first, *_, last = messages_of(Job(request(superpixels=ss.Slic)), monkeypatch)
    assert isinstance(first, Early)
    assert last.run.provenance["superpixels"]["name"] == "slic"


@pytest.mark.parametrize("why", ["small", "networks", "superpixels"])
def test_there_is_none(soon, monkeypatch, why):
    if why == "small":
        monkeypatch.setattr(_first_look, "LARGE", 90 * 120)
    quick = {"iterations": 2, "channels": 4, "min_labels": 1}
    asked = request(Backprop, quick, ss.Slic) if why == "networks" else request()
    if why == "superpixels":
        grid = np.indices((90, 120))
        data = 1 + grid[0] // 10 + 9 * (grid[1] // 10)
        asked = replace(asked, superpixels=Covered(data, asked.index))
    found = messages_of(Job(asked), monkeypatch)
    assert not any(isinstance(each, Early) for each in found)
    assert found[-1].labels.any()


def test_a_run_that_fails_after_a_first_look_has_no_labels(soon, monkeypatch):
    def refused(*args, **kwargs):
        raise ValueError("No such image.")

    monkeypatch.setattr("napari_selfseg.protocol.evolve", refused)
    first, last = messages_of(Job(request()), monkeypatch)
    assert isinstance(first, Early)
    assert (last.failed, last.sentence) == (True, "No such image.")
    assert last.run is None
    assert last.labels is None


def test_what_is_wrong_with_an_image_is_told_by_the_run(soon, monkeypatch):
    picture = replace(request().picture, data=(np.full((90, 120), np.nan, np.float32),))
    (last,) = messages_of(Job(replace(request(), picture=picture)), monkeypatch)
    assert last.failed
    assert "NaN" in last.sentence


def test_abandoned_at_the_first_look(soon, monkeypatch):
    job = Job(request())
    begun = job._steered

    def steering(run):
        job.abandon()
        return begun(run)

    monkeypatch.setattr(job, "_steered", steering)
    (last,) = messages_of(job, monkeypatch)
    assert isinstance(last, Ended)
    assert last.labels is None


def colours_at(layer, *pixels):
    return [tuple(np.round(layer.get_color(int(layer.data[at])), 4)) for at in pixels]


@pytest.mark.parametrize("drawn", [False, True])
def test_colours_stay_when_numbers_change(drawn):
    viewer, image = ViewerModel(), Image(scene(), name="bands")
    viewer.layers.append(image)
    asked = replace(request(), picture=describe_image(image, viewer.dims))
    if drawn:
        asked = replace(asked, scribbles=Covered(np.zeros((90, 120), int), asked.index))
    canvas = Canvas(viewer, image, asked)
    early = np.repeat([[1, 2, 3]], 40, axis=1) * np.ones((90, 1), np.uint16)
    canvas.show_early(early.astype(np.uint16))
    places = (5, 5), (5, 60), (5, 110)
    before = colours_at(canvas.layer, *places)
    late = np.choose(early - 1, [7, 1, 2]).astype(np.uint16)
    late[:20, 110:] = 3
    canvas.show(late, "classes")
    after = colours_at(canvas.layer, *places)
    plain = [tuple(palette(1000).map(number).round(4)) for number in (7, 1, 3)]
    # Strokes have the colours of their numbers, and so have their segments.
    assert after == (plain if drawn else [*before[:2], after[2]])
    assert len(set(after)) == 3
    shown = {tuple(np.round(canvas.layer.get_color(k), 4)) for k in range(1, 100)}
    assert len(shown) == 99
    canvas.show(early.astype(np.uint16), "segments")
    plain = [tuple(palette(500).map(number).round(4)) for number in (1, 2, 3)]
    assert colours_at(canvas.layer, *places) == plain


@pytest.mark.parametrize("seed", range(5))
def test_every_label_has_a_colour_of_its_own(seed):
    rng = np.random.default_rng(seed)
    now, then = rng.integers(0, 12, (2, 20, 30))
    colours = palette(12)
    found = following(colours, now, then)
    one, other = (np.unique(each.colors.round(5), axis=0) for each in (colours, found))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(found.colors[0], colours.colors[0])


def test_nothing_in_common_changes_nothing():
    colours = palette(12)
    assert following(colours, np.zeros((5, 5), int), np.ones((5, 5), int)) is colours
