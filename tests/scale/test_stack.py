"""Stacks plane by plane: ids that stay, planes that are kept, one plane in memory."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import napari_selfseg as ss
from napari_selfseg import record
from napari_selfseg.protocol import OutOfMemory
from napari_selfseg.scale import stack_dtype
from napari_selfseg.scale._planes import _carrying as carrying

sys.path.insert(0, str(Path(__file__).parent))
from moving_discs import COARSE, HERE, METHOD, Lazy, begun, discs, ids

STACK = discs()
CARRIES = ("independent", "warm", "joint")


@pytest.fixture(scope="module")
def made():
    """A stack of each kind, done from the third plane on."""
    return {carry: begun(STACK, carry=carry, viewed=2, name="discs").finish() for carry in CARRIES}


def until(run, plane):
    """Advance until a plane is at work and has made an update."""
    return next(s for s in run if s.plane == plane and s.step and s.step.iteration)


@pytest.mark.parametrize("carry", CARRIES)
def test_ids_stay_the_same_along_a_stack(made, carry):
    run = made[carry]
    (same,) = set(ids(run.out))
    assert len(set(same)) == 3
    assert run.done.all()
    assert run.stopped.kind == "finished"
    assert run.stop_reason == "All 6 planes are done."
    assert run.order == [2, 1, 3, 0, 4, 5]


def test_ids_are_matched_where_runs_do_not_agree_on_classes(monkeypatch):
    stack = discs(4, flipped=True)
    assert len(set(ids(begun(stack).finish().out))) == 1
    monkeypatch.setattr(carrying, "by_overlap", lambda labels, before, highest: labels)
    assert len(set(ids(begun(stack).finish().out))) > 1, "test invalid"


def test_each_mode_is_what_it_says(made):
    options = {"superpixels": COARSE, **HERE}
    first = ss.segment(STACK[2], METHOD, **options)
    beside = ss.segment(STACK[1], METHOD.replace(iterations=2), start=first.fit, **options)
    np.testing.assert_array_equal(made["independent"].out[2], first.labels())
    np.testing.assert_array_equal(made["warm"].out[1], beside.labels())
    fitted = made["joint"].record()["stack"]["fitted"]
    common = ss.segment([STACK[k] for k in fitted], METHOD, **options)
    for image, plane in enumerate(fitted):
        np.testing.assert_array_equal(made["joint"].out[plane], common.labels(image=image))
    assert fitted == [0, 1, 3, 4, 5]
    assert max(made["warm"].iterations[k] for k in (0, 1, 3, 4, 5)) <= 2
    assert made["warm"].out.dtype == made["joint"].out.dtype == np.uint16
    assert made["independent"].out.dtype == stack_dtype(METHOD, "independent") == np.uint32


def test_the_view_is_asked_before_each_plane():
    views = iter([1, 1, 3, 3])
    method = METHOD.replace(iterations=1)
    assert begun(STACK[:4], method, viewed=lambda: next(views)).finish().order == [1, 0, 2, 3]


def test_steps_say_where_the_stack_is(made):
    run = begun(STACK[:3], viewed=1)
    steps = list(run)
    ended = [(step.plane, step.done, step.total) for step in steps if step.step is None]
    assert ended == [(1, 1, 3), (0, 2, 3), (2, 3, 3)]
    assert steps[0].seconds_left is None
    assert steps[-1].seconds_left == 0
    assert next(step for step in steps if step.done == 2).seconds_left > 0


@pytest.mark.parametrize("carry", ["independent", "warm"])
def test_a_step_is_shown_with_the_ids_of_the_stack(carry):
    run = begun(discs(3, flipped=carry == "independent"), carry=carry)
    shown = None
    for step in run:
        if step.plane == 2:
            shown, last = (run.project(step), shown) if step.step else (shown, run.project(step))
    np.testing.assert_array_equal(shown, run.out[2])
    np.testing.assert_array_equal(last, run.out[2])


def test_a_common_fit_is_shown_on_the_plane_nearest_to_the_view():
    run = begun(STACK, carry="joint", planes_fitted=2, viewed=5)
    step = next(run)
    assert step.plane == 4
    assert run.project(step).shape == STACK[4].shape
    run.close()


def test_stop_keeps_the_planes_that_are_done_and_shows_the_one_at_work(made):
    run = begun(STACK, METHOD.replace(min_labels=1))
    until(run, 2)
    stopper = threading.Thread(target=run.stop)
    stopper.start()
    stopper.join()
    run.finish()
    assert run.done.tolist() == [True, True, False, False, False, False]
    assert run.out[2].all()
    assert not run.out[3:].any()
    assert run.stopped.kind == "asked"
    assert run.stop_reason == "Stopped when asked; 2 of 6 planes are done."
    assert run.stops[2].kind == "asked"


def test_a_stopped_common_fit_shows_what_it_found():
    run = begun(STACK, METHOD.replace(min_labels=1), carry="joint", planes_fitted=2)
    until(run, 1)
    run.stop()
    run.finish()
    assert not run.done.any()
    assert [bool(plane.any()) for plane in run.out] == [False, True, False, False, True, False]


@pytest.mark.parametrize("how", ["abandon", "close"])
def test_an_abandoned_plane_is_not_written(how):
    run = begun(STACK, METHOD.replace(min_labels=1))
    until(run, 1)
    getattr(run, how)()
    run.finish()
    assert run.done.tolist() == [True, *[False] * 5]
    assert not run.out[1:].any()
    assert run.stopped.kind == "abandoned"


def test_a_resumed_stack_equals_an_undisturbed_one(made):
    run = begun(STACK, viewed=2)
    until(run, 3)
    run.stop()
    run.finish()
    again = begun(STACK, out=run.out, done=run.done, viewed=2).finish()
    assert again.order == [3, 0, 4, 5]
    np.testing.assert_array_equal(again.out, made["independent"].out)


def test_a_warm_stack_is_resumed_with_the_ids_it_had(made):
    out = made["warm"].out.copy()
    out[3:] = 0
    # Ids that no class has show that they are taken from the planes that are done.
    out[:3] += 100 * (out[:3] > 0).astype(out.dtype)
    run = begun(STACK, carry="warm", out=out, done=[0, 1, 2]).finish()
    assert run.iterations[3] > 2 >= run.iterations[4]
    assert len(set(ids(out))) == 1
    assert min(ids(out)[0]) > 100


def test_fits_that_nobody_needs_are_let_go_of(made):
    assert set(made["warm"]._carry._from) <= {4, 5}


def test_only_one_plane_is_read_at_once():
    stack, out = Lazy(STACK), np.zeros(STACK.shape, np.uint16)
    for carry in ("warm", "independent"):
        begun(stack, METHOD.replace(iterations=2), carry=carry, out=out).finish()
        assert max(stack.read) == STACK[0].size
        assert len(stack.read) == len(STACK)
        stack.read.clear()
    begun(stack, METHOD.replace(iterations=2), carry="joint", planes_fitted=2, out=out).finish()
    # Once to see whether it can be used, once to be fitted.
    assert max(stack.read) == STACK[0].size
    assert len(stack.read) == len(STACK) + 4


def test_planes_go_straight_into_zarr(made, tmp_path):
    zarr = pytest.importorskip("zarr")
    image = zarr.create_array(
        tmp_path / "image.zarr", shape=STACK.shape, chunks=(1, 28, 36), dtype="f4"
    )
    image[:] = STACK
    out = zarr.create_array(
        tmp_path / "out.zarr", shape=STACK.shape, chunks=(1, 28, 36), dtype="u4"
    )
    run = begun(image, out=out, viewed=2)
    until(run, 1)
    assert zarr.open_array(tmp_path / "out.zarr")[2].all()
    run.finish()
    np.testing.assert_array_equal(out[:], made["independent"].out)
    assert run.record()["images"][0]["sha256"] == record.fingerprint(STACK, "")["sha256"]


@pytest.mark.parametrize("carry", CARRIES)
def test_a_bad_plane_does_not_end_the_stack(carry):
    stack = STACK.copy()
    stack[1], stack[3, 4, 4] = 0.5, np.nan
    run = begun(stack, carry=carry).finish()
    assert run.done.tolist() == [True, False, True, False, True, True]
    assert "constant" in run.failed[1]
    assert "NaN" in run.failed[3]
    assert not run.out[[1, 3]].any()
    assert len({ids(run.out)[k] for k in (0, 2, 4, 5)}) == 1
    assert run.stopped.kind == "finished"
    assert "4 of 6 planes are done" in run.stop_reason


def test_a_stack_without_a_good_plane_says_so():
    run = begun(np.zeros((3, 20, 20))).finish()
    assert run.stopped.kind == "failed"
    assert len(run.failed) == 3
    with pytest.raises(ValueError, match="None of the planes to be fitted"):
        begun(np.zeros((3, 20, 20)), carry="joint").finish()


def test_no_memory_ends_the_stack_and_keeps_what_is_done(monkeypatch):
    run = begun(STACK)
    until(run, 1)

    def full(*args, **options):
        raise OutOfMemory("full")

    monkeypatch.setattr(carrying.StackRequest, "run", full)
    with pytest.raises(OutOfMemory, match="full"):
        run.finish()
    assert run.done.tolist() == [True, True, *[False] * 4]
    assert run.stop_reason == "The stack failed after 2 of 6 planes: full"


def test_ids_beyond_the_type_are_refused_before_they_wrap():
    out = np.zeros(STACK.shape, np.uint8)
    out[0] = 255
    run = begun(
        discs(3)[:, ::2, ::2], METHOD.replace(iterations=1), out=out[:3, ::2, ::2], done=[0]
    )
    with pytest.raises(ValueError, match="does not fit into uint8: give an out of a wider type"):
        run.finish()
    assert run.done.tolist() == [True, False, False]
    assert not out[1:].any()


def test_time_and_depth_are_gone_along_together():
    stack = discs(6).reshape(2, 3, 28, 36)
    run = begun(stack, axis=(0, 1), viewed=(1, 1)).finish()
    assert run.order[0] == 4
    assert run.out.shape == stack.shape
    assert len(set(ids(run.out.reshape(6, 28, 36)))) == 1


def test_a_series_of_volumes_with_channels_takes_a_method_for_volumes():
    series = np.stack([discs(6, (20, 20))] * 4).reshape(2, 2, 6, 20, 20)
    method = METHOD.replace(iterations=2, variant="continuity", min_labels=1)
    options = {"superpixels": None, "carry": "warm", "channel_axis": 0}
    run = begun(series, method, spacing=(1, 2, 1, 1), **options).finish()
    assert run.out.shape == (2, 6, 20, 20)
    assert run.iterations == {0: 2, 1: 1}
    assert run.out.all()


def test_masks_and_labels_as_superpixels_go_with_their_planes():
    mask = np.ones(STACK.shape, bool)
    mask[1, :5] = False
    pieces = np.repeat(np.arange(1, 15), 2)[None, :, None] * np.ones(STACK.shape, int)
    for carry in CARRIES:
        run = begun(STACK[:3], carry=carry, mask=mask[:3], superpixels=pieces[:3]).finish()
        np.testing.assert_array_equal(run.out > 0, mask[:3])
        assert all(len(np.unique(run.out[2][pieces[2] == k])) == 1 for k in range(1, 15))


def test_segments_that_are_no_classes_are_matched_by_overlap():
    method = ss.Consensus(networks="both", iterations=2)
    run = ss.over_stack(discs(3, (24, 28)), method, carry="warm", iterations=1, **HERE).finish()
    assert run.out.dtype == np.uint32
    assert run.iterations == {0: 2, 1: 1, 2: 1}
    assert len({plane[9, 8 + k] for k, plane in enumerate(run.out)}) == 1


def test_with_a_common_fit_each_plane_has_segments_of_its_own():
    method = ss.Consensus(networks="both", iterations=4)
    stack = discs(4, (24, 34))
    run = ss.over_stack(stack, method, carry="joint", planes_fitted=2, **HERE).finish()
    assert run.out.dtype == np.uint32
    assert run.iterations == dict.fromkeys(run.order, 1)
    assert len({plane[9, 8 + k] for k, plane in enumerate(run.out)}) == 1
    assert len({plane[19, 26 - k] for k, plane in enumerate(run.out)}) == 1
    common = ss.segment([stack[k] for k in (1, 3)], method, **HERE).fit
    assert all((run.fit.weights[name] == each).all() for name, each in common.weights.items())
    np.testing.assert_array_equal(ss.replay_stack(run.record(), stack), run.out)


@pytest.mark.parametrize("carry", CARRIES)
def test_a_record_makes_the_labels_again(made, carry):
    found = record.loads(record.dumps(made[carry].record()))
    assert found["stack"]["carry"] == carry
    assert found["stack"]["planes"]["2"]["stop"] in ("finished", "min_labels")
    np.testing.assert_array_equal(ss.replay_stack(found, STACK), made[carry].out)
    with pytest.raises(ValueError, match="not the image of the record"):
        ss.replay_stack(found, STACK + 1)
    with pytest.raises(ValueError, match="replay_stack makes them again"):
        ss.replay(found, STACK)


def test_what_cannot_be_made_again_is_said(made):
    found = made["warm"].record()
    for change, words in (
        ({"stop": {"kind": "asked"}}, "not finished"),
        ({"stack": {**found["stack"], "resumed": [1]}}, "resumed"),
        ({"stack": {}}, "damaged"),
        ({"mask": {"sha256": ""}}, "give the array"),
    ):
        with pytest.raises(ValueError, match=words):
            ss.replay_stack({**found, **change}, STACK)
    with pytest.raises(ValueError, match="leave out the mask"):
        ss.replay_stack(found, STACK, mask=STACK > 0)
    with pytest.raises(ValueError, match="not complete: method missing"):
        record.loads(record.dumps({k: v for k, v in found.items() if k != "method"}))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"carry": "cold"}, "no carry 'cold'"),
        ({"axis": (0, 1)}, "name different axes"),
        ({"iterations": 3}, "for warm: leave it out"),
        ({"carry": "warm", "iterations": 0}, "give 1 or more"),
        ({"planes_fitted": 3}, "for joint"),
        ({"done": [0]}, "give the array they are in"),
        ({"out": np.zeros((2, 2), int)}, "give another out"),
        ({"out": np.zeros(STACK.shape)}, "give another out"),
        ({"out": np.zeros(STACK.shape, int), "done": [9]}, "numbers from 0 to 5"),
        ({"out": np.zeros(STACK.shape, int), "done": [True]}, "1 marks for 6 planes"),
        ({"mask": np.ones((3, 3))}, "make them equal"),
        ({"superpixels": np.ones((3, 3), int)}, "make them equal"),
        ({"spacing": (1, 1)}, "3 positive numbers"),
        ({"device": "abacus"}, "abacus"),
        ({"method": METHOD.replace(variant="continuity")}, "uses no superpixels"),
    ],
)
def test_what_cannot_be_used_is_refused_before_any_work(options, words):
    stack = Lazy(STACK)
    with pytest.raises(ValueError, match=words):
        begun(stack, **options)
    assert not stack.read


def test_a_method_of_planes_is_refused_a_series_of_volumes():
    with pytest.raises(ValueError, match="takes 2: name other axes"):
        begun(discs().reshape(2, 3, 28, 36), ss.SGSeg())
