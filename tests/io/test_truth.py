"""Ground truth: label pictures and BSDS annotations."""

from __future__ import annotations

import os

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.io import savemat

from napari_selfseg.io import (
    read_bsds,
    read_label_image,
    read_truth,
    write_labels,
)

LABELS = np.arange(12, dtype=np.uint16).reshape(3, 4) * 300


@pytest.fixture
def bsds(tmp_path):
    """A file as those of BSDS, with two annotators."""
    cells = np.empty((1, 2), dtype=object)
    for k in range(2):
        cells[0, k] = {"Segmentation": LABELS + k, "Boundaries": (LABELS > 900).astype(np.uint8)}
    path = tmp_path / "truth.mat"
    savemat(path, {"groundTruth": cells})
    return path


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
@pytest.mark.parametrize("labels", [LABELS, np.stack([LABELS, LABELS + 1])])
def test_labels_come_back_from_tiff(tmp_path, labels, dtype):
    path = tmp_path / "labels.tif"
    write_labels(path, labels.astype(dtype))
    (found,) = read_truth(path)
    np.testing.assert_array_equal(found, labels.astype(dtype))
    assert found.dtype == dtype


@pytest.mark.parametrize("labels", [LABELS, LABELS.astype(np.uint8), LABELS > 600])
def test_labels_come_back_from_png(tmp_path, labels):
    path = tmp_path / "labels.png"
    iio.imwrite(path, labels)
    np.testing.assert_array_equal(read_label_image(path) > 0, labels > 0)
    if labels.dtype != bool:
        np.testing.assert_array_equal(read_label_image(path), labels)


def test_the_numbers_of_a_palette_are_the_labels(tmp_path):
    numbers = np.arange(12, dtype=np.uint8).reshape(3, 4)
    picture = Image.fromarray(numbers).convert("P")
    picture.putpalette([200, 10, 10, 10, 200, 10] * 128)
    picture.save(tmp_path / "classes.png")
    np.testing.assert_array_equal(read_label_image(tmp_path / "classes.png"), numbers)


def test_a_bsds_file_brings_all_annotators(bsds):
    one, other = read_truth(bsds)
    np.testing.assert_array_equal(one, LABELS)
    np.testing.assert_array_equal(other, LABELS + 1)
    for annotation in read_bsds(bsds):
        assert annotation.boundaries.dtype == bool
        np.testing.assert_array_equal(annotation.boundaries, LABELS > 900)


def test_bsds_as_it_is_published(data):
    path = data / "bsds500" / "data" / "groundTruth" / "val" / "101085.mat"
    assert [truth.shape for truth in read_truth(path)] == [(481, 321)] * 5
    assert all(truth.min() == 1 for truth in read_truth(path))


def _write_bad(folder):
    iio.imwrite(folder / "photo.png", np.random.default_rng(0).integers(0, 255, (4, 5, 3), "uint8"))
    iio.imwrite(folder / "grey.jpg", np.zeros((8, 8), np.uint8))
    tifffile.imwrite(folder / "float.tif", np.full((4, 5), 0.5, np.float32))
    tifffile.imwrite(folder / "colour.tif", np.eye(3, dtype=np.uint8)[None], photometric="rgb")
    (folder / "broken.mat").write_bytes(b"MATLAB, perhaps" * 20)
    (folder / "empty.mat").touch()
    savemat(folder / "other.mat", {"truth": LABELS})
    savemat(folder / "odd.mat", {"groundTruth": LABELS})


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("photo.png", "photo.png has colours"),
        ("colour.tif", "colour.tif has colours"),
        ("grey.jpg", "JPEG, which alters labels"),
        ("float.tif", "holds float32: labels are whole numbers"),
        ("broken.mat", "broken.mat cannot be read as a MATLAB file"),
        ("empty.mat", "empty.mat cannot be read as a MATLAB file"),
        ("other.mat", "other.mat has no variable groundTruth"),
        ("odd.mat", "odd.mat has no Segmentation"),
        ("none.mat", "There is no file"),
        ("none.tif", "There is no file"),
    ],
)
def test_what_is_no_truth_is_refused_with_a_sentence(tmp_path, name, says):
    _write_bad(tmp_path)
    with pytest.raises((ValueError, OSError), match=says) as caught:
        read_truth(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="root may read everything")
def test_a_locked_file_is_refused(bsds):
    bsds.chmod(0)
    with pytest.raises(PermissionError, match="no permission"):
        read_truth(bsds)
