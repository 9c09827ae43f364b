"""Contour maps: the regions between strong contours, from MATLAB files and images."""

from __future__ import annotations

import os

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from scipy.io import savemat

from napari_selfseg.io import ContourMap, load_ucm2, ucm2_regions
from napari_selfseg.parameters import ParameterError

UCM2 = np.zeros((5, 9))
UCM2[2, 4:] = 0.2
UCM2[:, 4] = 0.5
LEFT_RIGHT = [[1, 1, 2, 2]] * 2

PIXELS = np.zeros((6, 7))
PIXELS[:, 3] = 0.6
PIXELS[3, 4:] = 0.4


@pytest.fixture
def matlab(tmp_path):
    savemat(tmp_path / "contours.mat", {"ucm2": UCM2})
    return str(tmp_path / "contours.mat")


def test_regions_between_contours(matlab):
    found = load_ucm2(matlab)
    np.testing.assert_array_equal(ucm2_regions(found, 0.5), np.ones((2, 4)))
    np.testing.assert_array_equal(ucm2_regions(found, 0.2), LEFT_RIGHT)
    np.testing.assert_array_equal(ucm2_regions(found, 0.1), [[1, 1, 2, 2], [1, 1, 3, 3]])


def test_regions_touch_at_corners():
    ucm2 = np.ones((5, 5))
    ucm2[1, 1] = ucm2[2, 2] = ucm2[3, 3] = 0
    np.testing.assert_array_equal(ucm2_regions(ucm2, 0.5), [[1, 0], [0, 1]])


def test_a_map_of_twice_the_pixels_is_an_ultrametric_one(matlab):
    regions = ContourMap(file=matlab, threshold=0.3).regions((2, 4))
    assert regions.dtype == np.int32
    np.testing.assert_array_equal(regions, LEFT_RIGHT)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_contours_as_wide_as_pixels_go_to_the_regions_beside_them(tmp_path, dtype):
    top = np.iinfo(dtype).max if dtype != np.float32 else 1
    tifffile.imwrite(tmp_path / "map.tif", (PIXELS * top).astype(dtype))
    path = str(tmp_path / "map.tif")
    three = ContourMap(file=path, threshold=0.3).regions((6, 7))
    assert three.min() == 1
    parts = (three[:, :3], three[:3, 4:], three[4:, 4:])
    assert [np.unique(part).tolist() for part in parts] == [[1], [2], [3]]
    two = ContourMap(file=path, threshold=0.5).regions((6, 7))
    assert [np.unique(two[:, k]).tolist() for k in (0, 2, 4, 6)] == [[1], [1], [2], [2]]


def test_a_diagonal_contour_keeps_its_sides_apart(tmp_path):
    iio.imwrite(tmp_path / "map.png", np.eye(6, dtype=np.uint8) * 255)
    regions = ContourMap(file=str(tmp_path / "map.png")).regions((6, 6))
    assert regions[0, 5] != regions[5, 0]


def test_volumes(tmp_path):
    strength = np.zeros((3, 4, 5), np.float32)
    strength[:, 2] = 1
    axes = {"axes": "ZYX"}
    tifffile.imwrite(tmp_path / "map.tif", strength, photometric="minisblack", metadata=axes)
    regions = ContourMap(file=str(tmp_path / "map.tif")).regions((3, 4, 5))
    assert np.unique(regions[:, :2]).tolist() == [1]
    assert np.unique(regions[:, 3]).tolist() == [2]


def test_a_boundary_of_ones_is_as_strong_as_can_be(tmp_path):
    tifffile.imwrite(tmp_path / "map.tif", (PIXELS > 0.5).astype(np.uint8))
    regions = ContourMap(file=str(tmp_path / "map.tif"), threshold=0.9).regions((6, 7))
    assert [np.unique(regions[:, k]).tolist() for k in (0, 6)] == [[1], [2]]


@pytest.mark.parametrize("paste", ['"{}"', " {} ", "~/{name}"])
def test_paths_are_taken_as_they_are_pasted(matlab, monkeypatch, paste):
    folder, name = matlab.rsplit(os.sep, 1)
    monkeypatch.setenv("HOME", folder)
    monkeypatch.setenv("USERPROFILE", folder)
    regions = ContourMap(file=paste.format(matlab, name=name), threshold=0.3).regions((2, 4))
    np.testing.assert_array_equal(regions, LEFT_RIGHT)


@pytest.mark.parametrize("scale", [1, 255])
def test_matlab_maps_are_scaled_and_checked_as_images_are(tmp_path, scale):
    path = tmp_path / "map.mat"
    savemat(path, {"ucm2": (UCM2 * scale).astype(np.uint8 if scale > 1 else np.float64)})
    np.testing.assert_array_equal(
        ContourMap(file=str(path), threshold=0.3).regions((2, 4)), LEFT_RIGHT
    )


@pytest.mark.parametrize(
    ("ucm2", "says"),
    [
        (np.where(UCM2 > 0, np.nan, 0), "from nan to nan"),
        (UCM2 + 1j, "holds no numbers"),
        (UCM2 + 0.2, "No contour strength is below 0.1: raise the threshold"),
        (UCM2 * 0, "No contour is stronger than 0.1: lower the threshold"),
        (np.zeros((0, 0)), "holds no numbers"),
    ],
)
def test_matlab_files_that_are_no_maps_are_refused(tmp_path, ucm2, says):
    savemat(tmp_path / "map.mat", {"ucm2": ucm2})
    with pytest.raises(ValueError, match=says):
        ContourMap(file=str(tmp_path / "map.mat")).regions((2, 4))


def _bad(folder, what):
    path = folder / "map.tif"
    if what == "colours":
        tifffile.imwrite(path, np.zeros((6, 7, 3), np.uint8), photometric="rgb")
    elif what == "nan":
        tifffile.imwrite(path, np.full((6, 7), np.nan, np.float32))
    else:
        tifffile.imwrite(path, (PIXELS * 0 + what).astype(np.float32))
    return ContourMap(file=str(path))


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("colours", r"map.tif has colours: contour strengths are one value a pixel"),
        ("nan", r"map.tif holds values from nan to nan: contour strengths lie between 0 and 1"),
        (3.5, r"map.tif holds values from 3.5 to 3.5"),
        (-1, r"map.tif holds values from -1 to -1"),
        (0.7, r"No contour strength is below 0.1: raise the threshold"),
    ],
)
def test_what_is_no_map_is_refused_in_a_sentence(tmp_path, what, says):
    with pytest.raises(ValueError, match=says):
        _bad(tmp_path, what).regions((6, 7))


def test_the_map_of_another_image_is_refused(matlab):
    says = r"contours.mat has shape \(5, 9\) and the image \(6, 7\): choose the contour map of this"
    with pytest.raises(ValueError, match=says):
        ContourMap(file=matlab).regions((6, 7))


def test_a_missing_file_and_a_missing_name_are_told_apart(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no file"):
        ContourMap(file=str(tmp_path / "none.mat")).regions((6, 7))
    with pytest.raises(ValueError, match="Choose a file with contour strengths"):
        ContourMap().regions((6, 7))
    with pytest.raises(ParameterError, match="threshold must be"):
        ContourMap(threshold=2)


def test_contours_as_they_are_published(data):
    path = data / "bsds500" / "ucm2" / "val" / "101085.mat"
    few, many = (ContourMap(file=str(path), threshold=t).regions((481, 321)) for t in (0.3, 0.05))
    assert few.min() == many.min() == 1
    assert few.max() < many.max() / 5
    finer = np.unique(np.stack([many.ravel(), few.ravel()]), axis=1)
    assert finer.shape[1] == many.max(), "every small region lies in one large one"
