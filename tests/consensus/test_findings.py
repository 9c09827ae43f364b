"""What superpixels have found out about an image is not looked for again."""

import numpy as np
import pytest

import napari_selfseg as ss
from napari_selfseg.consensus._sources import _image_blocks
from napari_selfseg.superpixels._watersheds import _automatic_watershed
from napari_selfseg.superpixels._watersheds._lines import Lines, find_lines

QUICK = {"device": "cpu", "threads": 1}


def picture(size=96, channels=3, seed=0):
    """Return cells of noise with dark lines between them."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    lines = (y % 24 < 3) | (x % 31 < 3)
    image = np.where(lines, 40, 190)[..., None] + 12 * rng.normal(size=(size, size, channels))
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.fixture
def looks(monkeypatch):
    """Return a list that gets the shape of every image in which lines are looked for."""
    found = []

    def counted(image, *args):
        found.append(image.shape)
        return find_lines(image, *args)

    for module in (_automatic_watershed, _image_blocks):
        monkeypatch.setattr(module, "find_lines", counted)
    return found


@pytest.mark.parametrize("structure", ["automatic", "dark_lines"])
@pytest.mark.parametrize("size", [96, 800])  # one block, and four
def test_lines_are_looked_for_once_and_are_the_same(looks, structure, size):
    image, method = picture(size), ss.Consensus(structure=structure)
    once = ss.segment(image, method, channel_axis=-1, **QUICK)
    assert len(looks) == 1
    # Of superpixels that are given nobody knows anything.
    again = {"superpixels": once.superpixels[0], "channel_axis": -1}
    twice = ss.segment(image, method, **again, **QUICK)
    assert len(looks) == 2
    np.testing.assert_array_equal(once.labels(), twice.labels())
    assert once.hierarchy().words == twice.hierarchy().words


@pytest.mark.parametrize("option", ["mask", "spacing", "several"])
def test_lines_of_other_pixels_are_looked_for_again(looks, option):
    image = picture()
    mask = np.ones(image.shape[:2], bool)
    mask[:20] = False
    given = {"mask": {"mask": mask}, "spacing": {"spacing": (2, 1)}}.get(option, {})
    images = [image, image[:64]] if option == "several" else image
    run = ss.segment(images, ss.Consensus(), channel_axis=-1, **given, **QUICK)
    assert len(looks) == (4 if option == "several" else 2)
    assert run.labels().any()


def test_lines_come_back_from_an_array():
    lines = Lines(-1, 1, 2.25, 0.5, 0.25, 1.125)
    found = Lines.restored(np.array(lines, np.float64))
    assert found == lines
    assert isinstance(found.channel, int)


def test_an_algorithm_without_findings_has_none():
    labels, found = ss.Slic(n_segments=20).with_findings(picture())
    np.testing.assert_array_equal(labels, ss.Slic(n_segments=20)(picture()))
    assert not found
