"""A stack measured plane by plane: what scikit-image says of each plane, and nothing summed."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import label, regionprops_table

from napari_selfseg.objects import PlaneTable

RNG = np.random.default_rng(0)
Y, X = np.mgrid[:30, :40]
# A disc that moves and grows, and one that is there on two of four planes.
FILM = np.stack([((Y - 12) ** 2 + (X - 10 - 2 * k) ** 2 < 16 + 9 * k) * 3 for k in range(4)])
FILM[1:3][:, (Y - 24) ** 2 + (X - 34) ** 2 < 12] = 7
IMAGE = RNG.normal(100, 10, (*FILM.shape, 2))


class Read:
    """An array that says which parts of it were read."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.largest = array, array.shape, array.dtype, 0

    def __getitem__(self, key):
        found = self.array[key]
        self.largest = max(self.largest, found.size)
        return found


def measured(labels, image=None, axes=(0,), names=("t", "y", "x"), **how):
    rows = PlaneTable(labels, image, axes, names, **how)
    steps = list(rows)
    assert [each.done for each in steps] == list(range(1, len(steps) + 1))
    assert rows.complete
    return rows.columns()


def test_rows_are_those_of_scikit_image_frame_by_frame_and_one_plane_is_read_at_a_time():
    labels, image = Read(FILM), Read(IMAGE)
    found = measured(labels, image, channel_axis=-1, spacing=(5.0, 0.5, 0.25), unit="µm")
    assert labels.largest == FILM[0].size
    assert image.largest == IMAGE[0].size
    assert list(found)[:4] == ["t", "index", "pixels", "area (µm²)"]
    pairs = list(zip(found["t"].tolist(), found["index"].tolist(), strict=True))
    assert pairs == [(0, 3), (1, 3), (1, 7), (2, 3), (2, 7), (3, 3)]
    wanted = "area", "centroid", "intensity_mean", "eccentricity"
    for k, plane in enumerate(FILM):
        expected = regionprops_table(plane, IMAGE[k], properties=wanted, spacing=(0.5, 0.25))
        here = found["t"] == k
        np.testing.assert_allclose(found["area (µm²)"][here], expected["area"])
        np.testing.assert_allclose(found["centroid x (µm)"][here], expected["centroid-1"])
        np.testing.assert_allclose(found["mean 2"][here], expected["intensity_mean-1"])
        np.testing.assert_allclose(found["eccentricity"][here], expected["eccentricity"])


def test_classes_are_measured_piece_by_piece_with_their_class():
    classes = np.where(FILM > 0, 2, 1)
    found = measured(classes, own=False)
    for k, plane in enumerate(classes):
        here = found["t"] == k
        assert here.sum() == label(plane, connectivity=1, background=0).max()
        assert sorted(set(found["class"][here])) == [1, 2]


def test_a_time_series_of_volumes_has_volumes_and_axes_have_their_names():
    film = np.stack([FILM, FILM])
    found = measured(film, names=("time", "z", "y", "x"), spacing=(1, 2, 1, 1), unit="nm")
    np.testing.assert_array_equal(found["time"], [0, 0, 1, 1])
    assert found["volume (nm³)"].tolist() == [2 * (FILM == 3).sum(), 2 * (FILM == 7).sum()] * 2
    found = measured(FILM, axes=(2,), names=("", "y", ""), first=(4,))
    assert found["plane"].min() == 4 + np.flatnonzero(FILM.any(axis=(0, 1)))[0]
    both = measured(film, axes=(0, 1), names=("t", "", "y", "x"))
    assert (both["t"].tolist()[:3], both["plane"].tolist()[:3]) == ([0, 0, 0], [0, 1, 1])


def test_asked_to_stop_it_measures_no_further_and_an_empty_plane_has_no_row():
    rows = PlaneTable(FILM, None, (0,), ("t", "y", "x"))
    next(rows)
    rows.stop()
    assert list(rows) == []
    assert not rows.complete
    assert measured(np.zeros((2, 3, 4), int))["t"].tolist() == []
    with pytest.raises(ValueError, match="neither planes nor volumes"):
        PlaneTable(FILM, None, (0, 1), ("t", "y", "x"))
