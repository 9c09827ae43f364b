"""The preview opens, has the right size, and shows image and labels."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_selfseg.io import write_preview

HEIGHT, WIDTH, GAP = 9, 14, 6
RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
LABELS = np.ones((HEIGHT, WIDTH), np.uint8)
LABELS[:, WIDTH // 2 :] = 2


def preview(path, image, labels=LABELS, **options):
    write_preview(path, image, labels, **options)
    with Image.open(path) as opened:
        assert (opened.format, opened.mode) == ("PNG", "RGB")
        found = np.asarray(opened)
    assert found.shape == (HEIGHT, 2 * WIDTH + GAP, 3)
    assert (found[:, WIDTH : WIDTH + GAP] == 255).all()
    return found[:, :WIDTH], found[:, WIDTH + GAP :]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.png"


def test_grey_plane_stands_beside_itself_with_labels(path):
    left, right = preview(path, GREY)
    np.testing.assert_array_equal(left, np.repeat(GREY[..., None], 3, axis=-1))
    assert (right != left).any()


@pytest.mark.parametrize("channel_axis", [0, 1, -1])
def test_colours_along_any_axis(path, channel_axis):
    image = RNG.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    moved = np.moveaxis(image, -1, channel_axis)
    left, _ = preview(path, moved, channel_axis=channel_axis)
    np.testing.assert_array_equal(left, image)


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.float32])
def test_any_channels_and_types(path, channels, dtype):
    preview(path, RNG.integers(0, 2, (HEIGHT, WIDTH, channels)).astype(dtype), channel_axis=-1)


def test_middle_plane_of_a_volume(path):
    volume = np.stack([np.zeros_like(GREY), 255 - GREY, GREY, GREY // 2, GREY // 3])
    labels = np.stack([0 * LABELS, 0 * LABELS, LABELS, 0 * LABELS, 0 * LABELS])
    left, right = preview(path, volume, labels)
    np.testing.assert_array_equal(left[..., 0], GREY)
    assert (right != left).any()


def test_middle_plane_of_a_volume_with_channels(path):
    volume = RNG.integers(0, 256, (3, 2, HEIGHT, WIDTH), dtype=np.uint8)
    left, _ = preview(path, volume, np.stack([LABELS] * 3), channel_axis=1)
    np.testing.assert_array_equal(left[..., 0], volume[1, 0])


def test_labels_have_their_own_colours_and_zero_has_none(path):
    flat = np.full_like(GREY, 100)
    labels = np.repeat(np.array([[0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]]), HEIGHT, axis=0)
    left, right = preview(path, flat, labels)
    np.testing.assert_array_equal(right[:, :3], left[:, :3])
    inside = {tuple(right[4, column]) for column in (1, 6, 11)}
    assert len(inside) == 3
    np.testing.assert_array_equal(right[:, 6], np.repeat(right[:1, 6], HEIGHT, axis=0))


def test_nan_is_shown_as_something(path):
    image = GREY.astype(np.float32)
    image[2, 3] = np.nan
    preview(path, image)


def test_constant_and_unlabelled(path):
    left, right = preview(path, np.full((HEIGHT, WIDTH), 7.5), 0 * LABELS)
    np.testing.assert_array_equal(left, right)


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a\.jpg must end in \.png"):
        write_preview(tmp_path / "a.jpg", GREY, LABELS)


def test_a_full_disk_leaves_nothing(path, monkeypatch):
    def full(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=r"Cannot write .*a\.png: No space left on device"):
        write_preview(path, GREY, LABELS)
    assert list(path.parent.iterdir()) == []
