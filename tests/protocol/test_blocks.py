"""A prediction in blocks is that of the whole."""

import numpy as np
import pytest

import napari_selfseg as ss
from napari_selfseg.protocol import bytes_to_predict
from napari_selfseg.protocol._method import _blocks as blocks

METHODS = {
    "backprop": ss.Backprop(iterations=2, channels=6, min_labels=1),
    "continuity": ss.Backprop(iterations=2, channels=6, min_labels=1, variant="continuity"),
    "dic": ss.DIC(iterations=2, width=4, n_clusters=5, min_labels=1),
    "dsc": ss.DSC(iterations=2, width=4, partitions=5, autoencoder_iterations=1, min_labels=1),
    "sgseg": ss.SGSeg(iterations=2, width=4, classes=4, backbone="none", patch_size=16),
}
HERE = {"channel_axis": -1, "device": "cpu", "threads": 1}


def picture(shape=(50, 61)):
    rng = np.random.default_rng(0)
    waves = np.sin(sum(np.indices(shape)) / 6)
    return (waves[..., np.newaxis] + rng.normal(scale=0.3, size=(*shape, 2))).astype(np.float32)


def small_blocks(monkeypatch, side, ndim=2):
    seen = []
    monkeypatch.setattr(blocks, "PIXELS", side**ndim)
    monkeypatch.setattr(blocks, "keep_freed_memory", lambda: seen.append(side))
    return seen


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("masked", [False, True])
def test_blocks_equal_the_whole(monkeypatch, name, masked):
    image, mask = picture(), np.ones((50, 61), bool)
    fit = ss.segment(image, METHODS[name], **HERE).fit
    if masked:
        # A hole, and a block without any data.
        mask[20:23, 5:40] = mask[:24, 40:] = False
    mask = mask if masked else None
    whole = fit.predict(image, mask=mask, **HERE)
    assert len(np.unique(whole[whole > 0])) > 1, "test invalid"
    in_use = small_blocks(monkeypatch, 16)
    np.testing.assert_array_equal(fit.predict(image, mask=mask, **HERE), whole)
    assert in_use


def test_volumes_too(monkeypatch):
    image = picture((20, 22, 24))
    fit = ss.segment(image, METHODS["continuity"], **HERE).fit
    whole = fit.predict(image, **HERE)
    in_use = small_blocks(monkeypatch, 8, 3)
    np.testing.assert_array_equal(fit.predict(image, **HERE), whole)
    assert in_use


def test_without_seeing_beyond_themselves_they_would_not(monkeypatch):
    image = picture()
    fit = ss.segment(image, METHODS["dic"], **HERE).fit
    whole = fit.predict(image, **HERE)
    small_blocks(monkeypatch, 16)
    monkeypatch.setattr(blocks, "halo", lambda reach, stride: 0)
    monkeypatch.setattr(blocks, "_side", lambda method, ndim: 16)
    assert (fit.predict(image, **HERE) != whole).any()


def test_a_method_that_needs_the_whole_gets_it(monkeypatch):
    image = picture((40, 44))
    fit = ss.segment(image, METHODS["sgseg"].replace(backbone="superpixels"), **HERE).fit
    in_use = small_blocks(monkeypatch, 16)
    fit.predict(image, **HERE)
    assert not in_use


def test_memory_to_predict_stops_growing_with_the_image():
    near, far = ((1000 * n, 1000 * n) for n in (1, 4))
    for method, flat in ((METHODS["dic"], True), (ss.DeepCut(), False)):
        image = [2 * 8 * n**2 for n, _ in (near, far)]
        kept = [bytes_to_predict(method, 2, s) - i for s, i in zip((near, far), image, strict=True)]
        assert (kept[0] == kept[1]) == flat
        assert min(kept) > 0
