from __future__ import annotations

import gc
from dataclasses import replace

import dask.array
import numpy as np
import pytest

from napari_selfseg.methods import Backprop
from napari_selfseg.protocol._estimates import _kept_trials
from napari_selfseg.superpixels import Slic
from napari_selfseg.widgets.canvas import label_storage as rooms
from napari_selfseg.widgets.canvas import temporary_folder as lease
from napari_selfseg.widgets.canvas.label_storage import make_stack_storage, save_storage
from napari_selfseg.widgets.estimates.expected import estimated
from napari_selfseg.widgets.estimates.forecast import Forecast
from napari_selfseg.widgets.large.stack_arrays import stack_arrays
from napari_selfseg.widgets.large.stack_job import PlanesInView, StackJob
from napari_selfseg.widgets.model.image_source import Picture
from napari_selfseg.widgets.model.overlay import Overlay, Void
from napari_selfseg.widgets.model.stacking import (
    ASKED,
    UNDECIDED,
    VOLUME,
    Stacking,
    directions,
    suggested,
    suggested_axes,
    ways,
)
from napari_selfseg.widgets.model.state import DEPTH_OR_TIME, Form, Missing, resolve
from napari_selfseg.widgets.model.words import stack_progress
from napari_selfseg.widgets.work.live_job import Ended

QUICK = {"iterations": 3, "channels": 8, "min_labels": 1}
FORM = Form(Backprop, QUICK, Slic, {"n_segments": 40}, stack=Stacking((0,), "independent"))
FORM = replace(FORM, device="cpu", precision="float32")
NOISE = np.random.default_rng(0).integers(0, 255, (4, 20, 24)).astype(np.uint8)


def picture(data=NOISE, axes=("z", "y", "x"), plane=None, **settings):
    n = len(axes)
    return Picture(
        names=("cells",),
        data=(data,),
        rgb=data.ndim > n,
        scale=(1.0,) * n,
        position=(0,) * n,
        plane=plane or (n - 2, n - 1),
        axes=axes,
        **settings,
    )


def always(picture, shape):
    return True


def request(image=None, form=FORM, **overlays):
    found = resolve(form, image or picture(), **overlays)
    assert not isinstance(found, Missing), found
    return found


class OnlySliced:
    """An array that knows how much of it was read at once."""

    def __init__(self, array):
        self._array, self.shape, self.dtype, self.ndim = array, array.shape, array.dtype, array.ndim
        self.most = 0

    def __getitem__(self, key):
        found = self._array[key]
        self.most = max(self.most, found.size)
        return found

    def __array__(self, *args, **kwargs):
        raise AssertionError("read as a whole")


def test_a_film_goes_plane_by_plane_and_a_volume_does_not():
    assert suggested(picture(axes=("z", "y", "x")), (2, 3), always) == VOLUME
    assert suggested(picture(axes=("T", "y", "x")), (2, 3), always) == "independent"
    assert suggested(picture(axes=("z", "y", "x")), (2,), always) == "independent"


def test_of_a_stack_without_names_a_person_is_asked_what_it_is():
    for axes in (("", "", ""), ("", "y", "x"), ("q", "y", "x")):
        assert suggested(picture(axes=axes), (2, 3), always) == UNDECIDED
    assert suggested(picture(axes=("", "", "")), (2,), always) == "independent", "no choice is left"
    assert ways(3, (2, 3), asked=True)[0] == (ASKED, UNDECIDED)
    found = resolve(replace(FORM, stack=None, undecided=True), picture(axes=("", "", "")))
    assert found == Missing(DEPTH_OR_TIME)


def test_a_method_of_planes_is_never_offered_a_volume():
    carries = ["independent", "warm", "joint"]
    assert [way for _, way in ways(3, (2,))] == carries
    assert [way for _, way in ways(4, (2, 3))] == carries
    assert [way for _, way in ways(3, (2, 3))] == [VOLUME, *carries]


def test_axes_are_offered_by_name_and_those_with_a_slider_first():
    assert directions(picture(), (2, 3)) == [
        ("z (4 planes)", (0,)),
        ("y (20 planes)", (1,)),
        ("x (24 planes)", (2,)),
    ]
    sideways = picture(axes=("", "y", "x"), plane=(0, 2))
    assert [axes for _, axes in directions(sideways, (2,))] == [(1,), (0,), (2,)]
    assert directions(sideways, (2,))[1][0] == "axis 0 (4 planes)"


def test_a_film_of_volumes_goes_along_time_or_time_and_depth():
    film = picture(np.zeros((2, 3, 8, 9)), axes=("t", "z", "y", "x"))
    assert directions(film, (2, 3)) == [
        ("t (2 volumes)", (0,)),
        ("z (3 volumes)", (1,)),
        ("t and z (6 planes)", (0, 1)),
    ]
    assert directions(film, (2,)) == [("t and z (6 planes)", (0, 1))]


def test_planes_are_counted_and_named_as_the_sliders_count():
    film = picture(np.zeros((2, 3, 8, 9)), axes=("t", "", "y", "x"))
    along = request(film, replace(FORM, stack=Stacking((0, 1), "joint"))).along
    assert (len(along), along.plane) == (6, (8, 9))
    assert along.spot(4) == (1, 1, slice(None), slice(None))
    assert along.number((1, 1, 5, 5)) == 4
    assert along.name(4) == "t 1, plane 1"
    inside = picture(view=((0, 4), (5, 15), (0, 24)))
    along = request(inside, replace(FORM, area="view", stack=Stacking((1,), "warm"))).along
    assert (along.shape, along.number((0, 7, 0)), along.name(2)) == ((4, 10, 24), 2, "y 7")
    assert [along.number((0, at, 0)) for at in (0, 19)] == [0, 9], "it is the nearest there is"


def test_a_stack_of_a_method_of_planes_can_run_where_a_volume_cannot():
    class Flat(Backprop):
        ndims = (2,)
        title = "Flat"

    flat = replace(FORM, method=Flat)
    assert request(form=flat).stack == FORM.stack
    volume = resolve(replace(flat, stack=None), picture())
    assert isinstance(volume, Missing)


def test_scribbles_do_not_go_along_a_stack():
    drawn = Overlay("strokes", np.zeros(NOISE.shape, np.uint8))
    found = resolve(FORM, picture(), scribbles=drawn)
    assert isinstance(found, Missing)
    assert "Scribbles" in found.sentence


@pytest.mark.parametrize("carry", ["independent", "warm", "joint"])
def test_the_forecast_is_of_all_planes_and_the_memory_of_one(carry):
    form = replace(FORM, values={**QUICK, "iterations": 1000}, stack=Stacking((0,), carry))
    found = {n: estimated(request(picture(NOISE[:n]), form), None) for n in (2, 4)}
    one = estimated(request(form=replace(form, stack=None, part="plane")), None)
    begun = {"independent": 4, "warm": 1, "joint": 4}[carry]  # 4 planes are learned from
    assert found[4].seconds > found[2].seconds
    assert begun * one.seconds <= found[4].seconds < (begun + 1) * one.seconds
    assert (found[4].bytes > one.bytes) == (carry == "joint")
    said = Forecast(None)(request(form=form)).sentence
    assert "4 planes of 20 x 24 pixels" in said
    assert ("a model of 4 of" in said) == (carry == "joint")


def shaped(*shape, axes=("z", "y", "x"), rgb=False):
    """Describe an image that nobody has to hold."""
    data = dask.array.zeros(shape, chunks=-1, dtype=np.uint8)
    return replace(picture(data, axes), rgb=rgb)


@pytest.mark.parametrize(
    ("image", "way", "axes"),
    [
        (shaped(125, 250, 250), "independent", (0,)),
        (shaped(125, 1024, 1024), "independent", (0,)),
        (shaped(125, 1024, 1024, 3, rgb=True), "independent", (0,)),
        (shaped(125, 1024, 1024, axes=("t", "y", "x")), "independent", (0,)),
        (shaped(30, 125, 512, 512, axes=("t", "z", "y", "x")), "independent", (0, 1)),
        (shaped(30, 10, 50, 50, axes=("t", "z", "y", "x")), "independent", (0,)),
        (shaped(16, 50, 50), VOLUME, (0,)),
        (shaped(16, 50, 50, 3, rgb=True), VOLUME, (0,)),
    ],
)
def test_what_is_suggested_of_a_stack_fits_into_memory(image, way, axes):
    limit = Forecast(8 * 10**9)

    def fits(picture, shape):
        return limit.fits(Backprop(), picture, shape)

    assert suggested(image, (2, 3), fits) == way
    offered = [axes for _, axes in directions(image, (2, 3))]
    assert suggested_axes(image, offered, fits) == axes


def test_what_is_too_large_can_be_made_smaller_in_ways_that_fit():
    forecast = Forecast(8 * 10**9)
    volume = replace(FORM, values={}, stack=None)
    found = forecast(request(shaped(125, 1024, 1024), volume))
    assert not found.enough
    assert "125 x 1024 x 1024 pixels takes about" in found.sentence
    assert "more than the limit of 8 GB" in found.sentence
    assert [each.words for each in found.remedies] == [
        "Plane by plane",
        "All of it, by tiles",
        "Rectangle",
    ]
    for changed in ({"stack": Stacking((0,), found.remedies[0].way)}, {"area": "tiles"}):
        assert forecast(request(shaped(125, 1024, 1024), replace(volume, **changed))).enough
    plane = replace(volume, part="plane")
    found = forecast(request(shaped(4, 2800, 2800), plane))
    assert found.remedies[-1].halved == (1, 2)
    assert forecast(request(shaped(4, 1400, 1400), plane)).enough


def test_half_the_size_is_not_recommended_where_a_layer_lies_over_the_whole():
    image = shaped(4, 2800, 2800)
    labels = Overlay("strokes", np.zeros((2800, 2800), np.uint8), ())
    plane = replace(FORM, values={}, stack=None, part="plane")
    for each in ("superpixels", "mask", "scribbles"):
        found = Forecast(8 * 10**9)(request(image, plane, **{each: labels}))
        assert not found.enough
        assert [one.words for one in found.remedies if one.halved] == []


def test_a_trial_that_others_disturbed_is_made_once(monkeypatch):
    asked, made = [], _kept_trials.made

    def disturbed(question):
        asked.append(question)
        return replace(made(question), disturbed=True)

    monkeypatch.setattr(_kept_trials, "made", disturbed)
    forecast = Forecast(None)
    for n in (10, 20):
        forecast(request(form=replace(FORM, values={**QUICK, "iterations": n})))
    assert len(asked) == 1


@pytest.mark.parametrize("kind", [np.asarray, dask.array.from_array])
def test_a_part_in_colours_is_read_as_it_is_sliced(kind):
    image = np.random.default_rng(1).integers(0, 9, (4, 20, 24, 4)).astype(np.uint8)
    box = ((0, 4), (3, 17), (5, 25))
    asked = request(picture(kind(image), rectangle=box), replace(FORM, area="rectangle"))
    part = stack_arrays(asked)["image"]
    expected = image[:, 3:17, 5:24, :3]
    assert part.shape == expected.shape
    np.testing.assert_array_equal(part[2], expected[2])
    np.testing.assert_array_equal(part[:, 1:3], expected[:, 1:3])
    np.testing.assert_array_equal(part[1, 2, :, 1], expected[1, 2, :, 1])


def test_masks_and_superpixels_are_cut_as_the_image_is():
    box = ((0, 4), (3, 17), (5, 24))
    form = replace(FORM, area="rectangle", superpixels=None, void=Void(float(NOISE[2, 4, 6])))
    regions = Overlay("regions", NOISE.astype(np.int32))
    given = stack_arrays(request(picture(rectangle=box), form, superpixels=regions))
    np.testing.assert_array_equal(given["superpixels"][1], NOISE[1, 3:17, 5:24])
    assert not given["mask"][2][1, 1]
    drawn = Overlay("drawn", (NOISE > 9).astype(np.uint8))
    given = stack_arrays(request(picture(rectangle=box), form, mask=drawn))
    np.testing.assert_array_equal(given["mask"][3], NOISE[3, 3:17, 5:24] > 9)


def ended(job):
    job()
    message = job.mailbox.take()
    assert isinstance(message, Ended)
    return message


def begun(asked, in_view=None):
    room = make_stack_storage(asked.along, np.uint32, asked.spacing, "pixel")
    records = {}
    return StackJob(asked, room, in_view or PlanesInView(), records, "key"), room, records


def test_a_job_never_reads_more_than_a_plane_and_leaves_a_record(monkeypatch):
    monkeypatch.setattr("napari_selfseg.record._record.PIECE", NOISE[0].size)
    lazy = OnlySliced(NOISE)
    job, room, records = begun(request(picture(lazy)))
    message = ended(job)
    assert message.sentence == "All 4 planes are done."
    assert room.array.all()
    assert lazy.most == NOISE[0].size
    assert records["key"]["stack"]["carry"] == "independent"
    assert records["key"]["source"]["layers"] == ["cells"]


def test_a_plane_that_cannot_be_used_is_named():
    stack = NOISE.copy()
    stack[2] = 7
    job, room, records = begun(request(picture(stack)), PlanesInView(2))
    message = ended(job)
    assert "Left empty: z 2." in message.sentence
    assert not room.array[2].any()
    assert room.array[[0, 1, 3]].all()
    assert list(records["key"]["stack"]["failed"]) == ["2"]


def test_what_was_abandoned_leaves_whole_planes_only():
    stopped_at = 2

    class Leaving(StackJob):
        def _update(self, run, step):
            if step.done == stopped_at and step.step is not None:
                shown = self._storage.array[self._in_view.plane]
                assert shown.any(), "test invalid: nothing was shown"
                self.abandon(leave=True)
            return super()._update(run, step)

    asked, in_view = request(), PlanesInView(across=True)
    room = make_stack_storage(asked.along, np.uint32, asked.spacing, "pixel")
    job = Leaving(asked, room, in_view, {}, "key")
    message = ended_reading(job)
    assert message.sentence == "Ended at once; 2 of 4 planes are done."
    assert [bool(plane.any()) for plane in room.array] == [True, True, False, False]


def ended_reading(job):
    """Run with a reader who is always ready."""

    class Taken(type(job.mailbox)):
        @property
        def empty(self):
            return True

    job.mailbox = Taken()
    return ended(job)


def test_a_stack_that_cannot_begin_says_why():
    asked = replace(request(), device="nowhere")
    job, _, records = begun(asked)
    message = ended(job)
    assert message.failed
    assert "nowhere" in message.sentence
    assert records == {}
    assert not job.begun


def test_large_labels_go_to_the_disk_and_are_kept_by_saving(monkeypatch, tmp_path):
    from napari_selfseg import read_record
    from napari_selfseg.io import open_labels

    monkeypatch.setattr(lease.tempfile, "tempdir", str(tmp_path))
    asked = request(picture(axes=("t", "y", "x")))
    assert make_stack_storage(asked.along, np.uint32, asked.spacing, "pixel").path is None
    monkeypatch.setattr(rooms, "IN_MEMORY", NOISE.size)
    job, room, records = begun(asked)
    message = ended(job)
    assert tmp_path in room.path.parents
    assert room.array.chunks == (1, 20, 24)
    assert message.sentence.endswith(room.where)
    found = np.asarray(open_labels(room.path))
    assert found.all()
    copy = tmp_path / "mine.ome.zarr"
    told = asked.along, asked.spacing, "pixel", records["key"]
    save_storage(str(copy), room, *told)
    np.testing.assert_array_equal(np.asarray(open_labels(copy)), found)
    save_storage(str(tmp_path / "mine.tif"), room, *told)
    assert read_record(tmp_path / "mine.tif")["stack"]["carry"] == "independent"


def test_a_temporary_folder_is_deleted_once_nobody_needs_it(monkeypatch, tmp_path):
    monkeypatch.setattr(lease.tempfile, "tempdir", str(tmp_path))
    made = lease.Lease()
    folder = made.folder
    with made.held():
        pass
    assert folder.is_dir(), "whoever made it needs it"
    del made
    gc.collect()
    assert not folder.exists()
    kept = lease.Lease()
    room = rooms.LabelStorage(NOISE[0], kept.folder / "labels.ome.zarr", lease=kept)
    asked = request(picture(NOISE[0], axes=("y", "x")), replace(FORM, stack=None))
    save_storage(str(kept.folder / "mine.tif"), room, asked.along, asked.spacing, "pixel", None)
    folder = kept.folder
    del kept, room
    gc.collect()
    assert (folder / "mine.tif").is_file(), "a file of the user"


def test_progress_in_words():
    assert stack_progress(3, 12, "z 4: iteration 7 of 9", 130.0, {}) == (
        "3 of 12 planes done - z 4: iteration 7 of 9 - about 2 min left"
    )
    failed = {"z 1": "It is constant.", "z 2": "It has NaN."}
    assert stack_progress(10, 12, "", 0.0, failed) == (
        "10 of 12 planes done - left empty: z 2 (and 1 before): It has NaN."
    )
