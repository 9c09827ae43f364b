"""Agreements of runs, made and cut without a window."""

from __future__ import annotations

import numpy as np
import pytest

from napari_selfseg import catalogue
from napari_selfseg.methods import Backprop
from napari_selfseg.protocol import evolve
from napari_selfseg.replaying import replay
from napari_selfseg.superpixels import Slic
from napari_selfseg.widgets.model.image_source import Picture
from napari_selfseg.widgets.model.overlay import Void
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.work.agreement import Agreements, Moment, Turns

IMAGE = np.random.default_rng(0).integers(1, 255, (3, 40, 48)).astype(np.uint8)
IMAGE[1, :6, :9] = 0
VOTED = Backprop(iterations=6, channels=8, min_labels=1)
PIXELS = VOTED.replace(variant="continuity")


def request(method=VOTED, **options):
    """A run on a part of a plane."""
    picture = Picture(("noise",), (IMAGE,), False, (5.0, 1.0, 2.0), (1, 0, 0), (1, 2))
    superpixels = Slic(n_segments=60) if method == VOTED else None
    part = (1, slice(0, 36), slice(None))
    return Request(picture, part, method, superpixels, precision="float32", device="cpu", **options)


def started(asked):
    return evolve(
        **asked.arrays(), method=asked.method, device="cpu", threads=1, precision="float32"
    )


def ended(asked):
    return started(asked).finish()


def part():
    return IMAGE[1, :36]


def test_a_cut_is_that_of_a_script_and_is_replayed():
    asked = request()
    run = ended(asked)
    agreement = Agreements(asked)(Moment(run, run.record()))
    cut = agreement.cut(7)
    np.testing.assert_array_equal(cut.labels(), run.cut(7))
    assert cut.record["cut"] == {"n_segments": 7}
    np.testing.assert_array_equal(replay(cut.record, part()), cut.labels())
    assert agreement.sentence == "What 5 label maps up to iteration 6 agree on."


def test_nobody_has_to_say_a_number_and_the_nearest_possible_is_taken():
    asked = request()
    run = ended(asked)
    agreement = Agreements(asked)(Moment(run, run.record()))
    assert agreement.cut(None).n_segments == agreement.automatic == run.hierarchy().automatic
    assert agreement.cut(10_000).n_segments == agreement.most == run.superpixels[0].max()
    assert agreement.cut(0).n_segments == agreement.fewest == 1


@pytest.mark.parametrize("void", [None, Void(0)])
def test_a_run_without_superpixels_gets_some_once(monkeypatch, void):
    asked = request(PIXELS, void=void)
    run = ended(asked)
    made = []
    over_segment = catalogue.over_segment
    monkeypatch.setattr(
        catalogue, "over_segment", lambda *a, **k: made.append(1) or over_segment(*a, **k)
    )
    agreements = Agreements(asked)
    for _ in range(2):
        cut = agreements(Moment(run, run.record())).cut(6)
    assert len(made) == 1
    assert cut.record["cut"] == {"n_segments": 6, "superpixels": catalogue.PIECES.as_dict()}
    seen = np.ones(asked.shape, bool) if void is None else part() != 0
    np.testing.assert_array_equal(cut.labels() > 0, seen)
    np.testing.assert_array_equal(replay(cut.record, part()), cut.labels())


def test_a_moment_stays_as_it_was_while_the_run_goes_on():
    asked = request()
    run = started(asked)
    next(step for step in run if step.iteration == 3)
    moment, expected = Moment(run, run.record()), run.cut(9)
    run.finish()
    cut = Agreements(asked)(moment).cut(9)
    np.testing.assert_array_equal(cut.labels(), expected)
    assert (run.cut(9) != expected).any(), "test invalid"
    np.testing.assert_array_equal(replay(cut.record, part()), expected)


def test_many_segments_need_another_type():
    asked = request()
    picture = Picture(("noise",), (np.tile(IMAGE[1], (4, 4)),), False, (1.0, 1.0), (0, 0), (0, 1))
    asked = Request(
        picture, (slice(None),) * 2, VOTED, Slic(n_segments=600), precision="float32", device="cpu"
    )
    run = ended(asked)
    agreement = Agreements(asked)(Moment(run, run.record()))
    assert agreement.cut(255).labels().dtype == np.uint8
    assert agreement.cut(256).labels().dtype == np.uint16


def test_a_run_that_goes_on_is_read_the_less_the_longer_it_takes():
    turns = Turns()
    assert turns.due(0)
    turns.took(0, 0.1)
    assert not turns.due(1.0)
    assert turns.due(1.2)
    turns.took(10, 15)
    assert not turns.due(24.9)
    assert turns.due(25)
