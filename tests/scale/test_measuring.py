"""Objects of labels on a disk, measured block by block, are those of the labels as a whole."""

import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_selfseg.io import OutlinesOnDisk
from napari_selfseg.objects import classes_of, connected, object_features
from napari_selfseg.protocol import Grid
from napari_selfseg.scale import MeasureRun, Source
from napari_selfseg.scale._tiles import _measuring
from napari_selfseg.scale._tiles._joining import across_seams

RNG = np.random.default_rng(0)
SHAPE = (90, 110)


def blobs(shape, smooth=3, seed=0):
    noise = ndi.gaussian_filter(np.random.default_rng(seed).normal(size=shape), smooth)
    return np.digitize(noise, np.quantile(noise, (0.5, 0.8))).astype(np.uint8)


def through(labels, image, channel_axis, folder, tile, **how):
    how = {"own": False, **how}
    return MeasureRun(labels, Source(image, channel_axis), tile, folder, **how).finish()


def assert_same(found, expected):
    assert list(found) == list(expected)
    for name, column in expected.items():
        # A root of what should be 0.
        near = 1e-6 if name == "eccentricity" else 1e-9
        np.testing.assert_allclose(found[name], column, rtol=1e-11, atol=near, err_msg=name)


@pytest.mark.parametrize("channel_axis", [None, 0, -1])
@pytest.mark.parametrize("spacing", [None, (0.5, 0.25)])
def test_pieces_of_classes_are_measured_as_in_the_whole(tmp_path, channel_axis, spacing):
    classes = blobs(SHAPE)
    shape = SHAPE if channel_axis is None else {0: (2, *SHAPE), -1: (*SHAPE, 2)}[channel_axis]
    image = RNG.integers(0, 2**16, shape).astype(np.uint16)
    run = through(classes, image, channel_axis, tmp_path, (32, 32))
    objects = connected(classes)
    how = {"channel_axis": channel_axis, "spacing": spacing, "unit": "µm"}
    assert len(run.objects.numbers) == objects.max() > 20
    expected = object_features(objects, image, classes=classes, **how)
    assert_same(run.columns(spacing, "µm"), expected)
    np.testing.assert_array_equal(expected["class"], classes_of(objects, classes))


@pytest.mark.parametrize("tile", [(32, 32), (17, 64), (128, 128)])
def test_labels_that_are_objects_keep_their_numbers(tmp_path, tile):
    # An object in two pieces, far from each other, is one all the same.
    objects = ndi.label(blobs(SHAPE) == 2)[0] * 1000
    objects[:3, :3] = objects[-3:, -3:] = 7
    image = RNG.random(SHAPE)
    image[40:45, 40:70] = np.nan
    run = through(objects, image, None, tmp_path, tile, own=True)
    assert_same(run.columns(None, "pixel"), object_features(objects, image))


def test_a_block_is_no_larger_than_memory_allows(tmp_path, monkeypatch):
    monkeypatch.setattr(_measuring, "LARGEST", 400)
    classes = blobs(SHAPE)
    run = through(classes, classes, None, tmp_path, (64, 64))
    assert run.progress.total == 7 * 6
    assert_same(
        run.columns(None, "pixel"), object_features(connected(classes), classes, classes=classes)
    )


def test_a_volume(tmp_path):
    classes = blobs((20, 40, 30), 2)
    run = through(classes, classes, None, tmp_path, (16, 16, 16))
    expected = object_features(connected(classes), classes, classes=classes)
    assert "centroid z (pixel)" in expected
    assert_same(run.columns(None, "pixel"), expected)


def test_no_objects_are_an_empty_table(tmp_path):
    empty = np.zeros(SHAPE, np.uint8)
    columns = through(empty, empty, None, tmp_path, (32, 32)).columns(None, "pixel")
    assert list(columns) == list(object_features(empty, empty, classes=empty))
    assert all(len(each) == 0 for each in columns.values())


def test_outlines_are_those_of_the_whole(tmp_path):
    pytest.importorskip("rasterio")
    shapely = pytest.importorskip("shapely")
    from napari_selfseg.io._vector._outlines import geometries
    from napari_selfseg.io._vector._outlines import outlines as drawn

    # With holes across seams, and pieces that touch at a corner alone.
    classes = blobs(SHAPE, 1.5)
    with OutlinesOnDisk(tmp_path, SHAPE) as outlines:
        run = through(classes, classes, None, tmp_path, (32, 32), outlines=outlines)
        found = list(outlines)
        assert outlines.numbers.tolist() == run.objects.numbers.tolist()
        assert len(outlines[-2:]) == 2
        with pytest.raises(IndexError):
            outlines[len(found)]
    expected = shapely.normalize(geometries(drawn(connected(classes))))
    found = shapely.normalize(geometries(found))
    assert len(found) == len(expected) > 100
    assert (found == expected).all()


def test_what_lies_across_a_seam_is_counted(tmp_path):
    objects = np.zeros((64, 64), np.int32)
    objects[30:34, 5:9] = 1  # across one seam
    objects[28:36, 28:36] = 2  # across both
    objects[32, 40:44] = 3  # at one, on one side
    objects[10:12, 10:12] = 4
    run = through(objects, objects, None, tmp_path, (32, 32))
    assert (run.across, across_seams(objects, Grid((64, 64), (32, 32), (0, 0)))) == (2, 2)


def test_it_ends_when_asked(tmp_path):
    classes = blobs(SHAPE)
    run = MeasureRun(classes, Source(classes, None), (32, 32), tmp_path, own=False)
    next(run)
    run.stop()
    assert list(run) == []
    assert run.stopped


def test_labels_of_four_axes_are_refused(tmp_path):
    labels = np.zeros((2, 2, 4, 4), np.uint8)
    with pytest.raises(ValueError, match=r"neither a plane nor a volume"):
        through(labels, labels, None, tmp_path, (1, 1, 4, 4))
