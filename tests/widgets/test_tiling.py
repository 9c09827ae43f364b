"""Tiles of large images without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.layers import Labels

from napari_selfseg.consensus import Consensus
from napari_selfseg.io import open_levels
from napari_selfseg.io._zarr import _zarr_levels
from napari_selfseg.methods import Backprop
from napari_selfseg.protocol import FewLabels, _first_look
from napari_selfseg.scale import lay_out_tiles
from napari_selfseg.superpixels._watersheds import _block_by_block
from napari_selfseg.widgets.canvas import temporary_folder as lease
from napari_selfseg.widgets.canvas.label_storage import make_tile_storage
from napari_selfseg.widgets.estimates.forecast import Forecast
from napari_selfseg.widgets.large.tile_job import TileJob
from napari_selfseg.widgets.model.image_source import Picture
from napari_selfseg.widgets.model.overlay import Overlay
from napari_selfseg.widgets.model.padded_axes import Thick
from napari_selfseg.widgets.model.state import Form, resolve
from napari_selfseg.widgets.work.live_job import Ended

QUICK = {"iterations": 2, "channels": 4, "depth": 1, "min_labels": 1}
FORM = Form(Backprop, QUICK, area="tiles", device="cpu", precision="float32")
RNG = np.random.default_rng(0)
PLANE = (np.sin(np.mgrid[:150, :200] / 9).sum(axis=0) * 50 + 120).astype(np.uint8)
HERE = {"device": "cpu", "threads": 1}


@pytest.fixture(autouse=True)
def _steady(monkeypatch, tmp_path):
    monkeypatch.setattr(lease.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(FewLabels, "stop", lambda labels, t: None)


def picture(*layers):
    n = layers[0].ndim
    names = tuple(f"layer {k}" for k in range(len(layers)))
    return Picture(names, layers, False, (1.0,) * n, (0,) * n, (n - 2, n - 1))


def labelled(request):
    """Return what a job leaves in its room, and the job."""
    layout = lay_out_tiles(
        request.shape,
        request.channels or 1,
        request.method,
        memory=30_000_000,
        ndim=len(request.shape),
        largest=128,
    )
    room = make_tile_storage(request.along, np.uint8, request.spacing, "pixel", layout.tile)
    job = TileJob(request, room, layout, {}, "key")
    job()
    ended = job.mailbox.take()
    assert isinstance(ended, Ended)
    assert not ended.failed, ended.sentence
    return np.asarray(room.array), job


def test_layers_as_channels():
    layers = (PLANE, PLANE[::-1].copy())
    found, job = labelled(resolve(FORM, picture(*layers)))
    whole = job.fit.predict(np.stack(layers, axis=-1), channel_axis=-1, **HERE)
    np.testing.assert_array_equal(found, whole)
    assert len(np.unique(found)) > 1


def test_a_layer_of_superpixels_votes_over_all_tiles():
    blocks = (np.arange(150)[:, None] // 20 * 10 + np.arange(200) // 20 + 1).astype(np.int32)
    noisy = (PLANE + RNG.integers(0, 40, PLANE.shape)).astype(np.uint8)
    asked = resolve(FORM, picture(noisy), superpixels=Overlay("blocks", blocks))
    found, job = labelled(asked)
    how = {"superpixels": blocks, **HERE}
    np.testing.assert_array_equal(found, job.fit.predict(noisy, **how))
    assert (found != job.fit.predict(noisy, **HERE)).any(), "test invalid: nothing to vote on"


def test_a_volume_is_one():
    volume = np.stack([PLANE[:40, :140] + k for k in range(9)])
    found, job = labelled(resolve(FORM, picture(volume)))
    assert job.fit.ndim == 3
    np.testing.assert_array_equal(found, job.fit.predict(volume, **HERE))


def test_asked_to_stop_before_it_begins_nothing_is_labelled():
    asked = resolve(FORM, picture(PLANE))
    layout = lay_out_tiles(asked.shape, 1, asked.method, memory=30_000_000)
    room = make_tile_storage(asked.along, np.uint8, asked.spacing, "pixel", layout.tile)
    job = TileJob(asked, room, layout, {}, "key")
    job.abandon()
    job()
    assert job.mailbox.take().sentence == "Ended."
    assert not job.begun
    assert not np.asarray(room.array).any()


def test_tiles_are_recommended_for_all_of_an_image_only():
    forecast = Forecast(12_000_000)
    large = picture(np.zeros((900, 1000), np.uint8))
    whole = replace(FORM, area="all")
    assert "Choose 'All of it, by tiles' as the area" in forecast(resolve(whole, large)).sentence
    part = replace(large, rectangle=((0, 900), (0, 800)))
    said = forecast(resolve(replace(FORM, area="rectangle"), part)).sentence
    assert "more than the limit" in said
    assert "tiles" not in said
    found = forecast(resolve(FORM, large))
    assert found.enough
    assert found.layout.tiles > 1
    assert found.layout.bytes <= 12_000_000


def test_a_plane_of_a_volume_is_one_pixel_thick():
    index = (slice(None), 3, slice(2, 9))
    plane = np.arange(35).reshape(5, 7)
    thick = Thick(plane, index)
    whole = plane[:, None]
    assert thick.shape == whole.shape
    keys = [
        (slice(None), 0, slice(1, 4)),
        (2, slice(None), slice(None)),
        (slice(0, 5, 2), slice(0, 1), -1),
        (np.int64(1),),
        (4, 0, 6),
        ...,
    ]
    for key in keys:
        np.testing.assert_array_equal(thick[key], whole[key])
    np.testing.assert_array_equal(np.asarray(thick), whole)
    # What napari asks of the levels of an image.
    assert thick.size == whole.size
    assert Labels([thick, Thick(plane[::2, ::2], index)], multiscale=True).multiscale


def seen_at(job, request, monkeypatch):
    """Return what the coarsest level shows when each message comes."""
    found, room = [], job._storage
    put = job.mailbox.put

    def noted(message):
        found.append((message.sentence, np.array(room.levels[-1])))
        put(message)

    monkeypatch.setattr(job.mailbox, "put", noted)
    job()
    return found


@pytest.mark.parametrize("stopped", [False, True])
def test_an_image_that_is_labelled_as_one_is_seen_at_once(monkeypatch, stopped):
    monkeypatch.setattr(_first_look, "LARGE", 5000)
    monkeypatch.setattr(_block_by_block, "_SIDE", {2: 128, 3: 64})
    monkeypatch.setattr(_zarr_levels, "COARSEST", 256)
    image = np.where(np.arange(600)[None] < 300, PLANE.repeat(4, 0)[:, :1] // 2, 220)
    image = (image + RNG.integers(0, 9, (600, 600))).astype(np.uint8)
    asked = resolve(replace(FORM, method=Consensus, values={"n_segments": 2}), picture(image))
    layout = lay_out_tiles(asked.shape, 1, asked.method, memory=30_000_000, ndim=2)
    room = make_tile_storage(asked.along, np.uint32, asked.spacing, "pixel", layout.tile)
    job = TileJob(asked, room, layout, {}, "key")
    if stopped:
        monkeypatch.setattr(job.mailbox, "put", lambda message: job.stop())
        job()
        assert not room.levels[-1].any(), "nothing was labelled"
        return
    (first, early), *between, (_, last) = seen_at(job, asked, monkeypatch)
    assert first == "First look, at a small picture of it"
    middle = early.shape[1] // 2
    assert (early[:, : middle - 1] == early[0, 0]).mean() > 0.9
    assert (early[:, middle + 1 :] == early[0, -1]).mean() > 0.9
    assert early[0, 0] != early[0, -1]
    before = [shown for sentence, shown in between if not sentence.startswith("Numbering")]
    assert len(before) >= 2 * layout.tiles
    assert all(shown.all() for shown in before), "what was seen stays until there is more"
    np.testing.assert_array_equal(last, np.asarray(open_levels(room.path)[-1]))
    assert not np.array_equal(last, early)
