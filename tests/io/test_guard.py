"""What cannot be read is refused in a sentence, and at once: sizes, pieces, circles, damage."""

from __future__ import annotations

import json
import re
import struct
import time
import warnings
import zlib

import imageio.v3 as iio
import numpy as np
import psutil
import pytest
import tifffile
import zarr
from PIL import Image

from napari_selfseg.io import ImageFile, _labels, open_image, read_image, read_record
from napari_selfseg.io import formats as known
from napari_selfseg.io._pixels import _guard as guard
from napari_selfseg.io._pixels._image_file import UnsuitableError
from napari_selfseg.io._pixels._page_chain import check_chain
from napari_selfseg.io.formats import Format
from napari_selfseg.scale import sources

READERS = [read_image, open_image]


def sparse(folder, shape, chunks, dtype="uint8"):
    path = folder / "a.zarr"
    zarr.create_array(str(path), shape=shape, chunks=chunks, dtype=dtype, fill_value=0)
    return path


@pytest.fixture
def little_memory(monkeypatch):
    class Memory:
        available = 1_000_000_000

    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory)


def refused(read, path, says):
    start = time.process_time()
    with pytest.raises(ValueError, match=says) as caught:
        read(path)
    assert time.process_time() - start < 5
    assert len(str(caught.value)) < 400


def test_an_image_larger_than_memory_is_not_read(tmp_path, little_memory):
    path = sparse(tmp_path, (40_000, 40_000), (512, 512))
    refused(read_image, path, r"^a\.zarr of 40000 x 40000 pixels takes 1\.6 GB in memory, and 1 GB")
    assert open_image(path).data.shape == (40_000, 40_000)


def test_a_picture_larger_than_memory_is_not_read(tmp_path, little_memory):
    # A header that declares what is not there.
    iio.imwrite(tmp_path / "a.png", np.zeros((4, 4), np.uint8))
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[16:24] = struct.pack(">II", 40_000, 40_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    (tmp_path / "a.png").write_bytes(data)
    refused(read_image, tmp_path / "a.png", r"takes 1\.6 GB in memory")


@pytest.mark.parametrize("read", READERS)
def test_millions_of_tiny_pieces_are_refused(tmp_path, read):
    path = sparse(tmp_path, (10_000, 10_000), (1, 1))
    refused(read, path, r"^a\.zarr lies in 100000000 pieces of 1 x 1 pixels")


@pytest.mark.parametrize("read", READERS)
def test_a_piece_larger_than_memory_is_refused(tmp_path, read, little_memory):
    path = sparse(tmp_path, (10**6, 10**6), (10**6, 10**6))
    refused(read, path, r"^A piece of a\.zarr of 1000000 x 1000000 pixels takes 1e\+03 GB")


@pytest.mark.parametrize("read", READERS)
def test_an_image_without_pixels_is_refused(tmp_path, read):
    refused(
        read, sparse(tmp_path, (0, 5), (1, 5)), r"^a\.zarr has no pixels: its shape is \(0, 5\)"
    )


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("shape", [[0, 24], [20, 0], [-1, 24], [10**30, 24], ["a", 1], [], None])
@pytest.mark.parametrize("key", ["shape", "chunks"])
def test_declared_lengths_that_cannot_be(tmp_path, read, shape, key):
    path = sparse(tmp_path, (20, 24), (10, 12))
    told = json.loads((path / "zarr.json").read_text())
    if key == "shape":
        told["shape"] = shape
    else:
        told["chunk_grid"]["configuration"]["chunk_shape"] = shape
    (path / "zarr.json").write_text(json.dumps(told))
    refused(read, path, r"a\.zarr")


@pytest.mark.parametrize("big", [False, True])
def test_pages_in_a_circle_are_refused_before_they_are_followed(tmp_path, big):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path, bigtiff=big) as tiff:
        for _ in range(3):
            tiff.write(np.zeros((4, 5), np.uint8), contiguous=False)
    check_chain(path)
    with tifffile.TiffFile(path) as tiff:
        first, last = tiff.pages[0].offset, tiff.pages[-1].offset
    data = bytearray(path.read_bytes())
    order, count, tag, number = ("<", "Q", 20, "Q") if big else ("<", "H", 12, "I")
    n = struct.unpack_from(f"{order}{count}", data, last)[0]
    at = last + struct.calcsize(f"{order}{count}") + n * tag
    struct.pack_into(f"{order}{number}", data, at, first)
    path.write_bytes(data)
    with pytest.raises(UnsuitableError, match=r"^a\.tif is damaged: its pages go round"):
        check_chain(path)


@pytest.mark.parametrize(
    "head", [b"", b"II", b"II*\0", b"MM\0*\xff\xff\xff\xff", b"II+\0" + b"\xff" * 12]
)
def test_a_chain_that_leads_nowhere_is_left_to_the_reader(tmp_path, head):
    (tmp_path / "a.tif").write_bytes(head)
    check_chain(tmp_path / "a.tif")


@pytest.mark.parametrize(
    "error", [AttributeError("'NoneType'"), ZeroDivisionError(), EOFError(), MemoryError()]
)
def test_errors_of_every_kind_become_a_sentence(tmp_path, error):
    with (
        pytest.raises(ValueError, match=r"^a\.png cannot be read as an image: ."),
        guard.reading(tmp_path / "a.png", "an image"),
    ):
        raise error


def test_a_large_picture_is_no_attack(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
    iio.imwrite(tmp_path / "a.png", np.zeros((8, 8), np.uint8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_image(tmp_path / "a.png").shape == (8, 8)
    assert Image.MAX_IMAGE_PIXELS == 4


def declared(monkeypatch, **parts):
    """Make a file of a format that other packages declare, and let that format be known."""

    def read(path, how):
        whole = {"data": np.zeros((3, 4, 5)), "axes": "zyx", "spacing": (1, 1, 1)}
        how = {"channel_axis": None, "unit": "pixel", "mask": None, "name": str(path)}
        return ImageFile(**{**whole, **how, **parts})

    def record(path):
        return {}["record"]

    mine = Format("Mine", (".mine",), read=read, record=record)
    for module in (known, _labels):
        monkeypatch.setattr(module, "formats", lambda: (mine,))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"axes": "yx"}, "the axes 'yx' for data of shape (3, 4, 5): they are a letter for each"),
        ({"axes": "xyz"}, "the axes 'xyz' for data"),
        ({"axes": "tzx"}, "the axes 'tzx' for data"),
        ({"axes": "yxc"}, "the axes 'yxc' and the channel axis None: it is the last"),
        ({"channel_axis": 0}, "the axes 'zyx' and the channel axis 0: it is the last"),
        ({"spacing": (1, 1)}, "the spacing (1, 1) for the axes 'zyx': it is a positive number"),
        ({"spacing": (1, 0, 1)}, "the spacing (1, 0, 1) for the axes"),
    ],
)
def test_a_format_whose_axes_do_not_fit_is_named(monkeypatch, tmp_path, read, parts, words):
    declared(monkeypatch, **parts)
    (tmp_path / "a.mine").write_text("something")
    with pytest.raises(ValueError, match=f"^The format Mine gives a.mine {re.escape(words)}"):
        read(tmp_path / "a.mine")


def test_a_format_whose_axes_fit_is_read(monkeypatch, tmp_path):
    declared(monkeypatch, axes="yxc", channel_axis=-1, spacing=(2, 3))
    (tmp_path / "a.mine").write_text("something")
    assert read_image(tmp_path / "a.mine").shape == (3, 4)


def test_a_record_that_a_format_fails_to_read_is_told_in_a_sentence(monkeypatch, tmp_path):
    declared(monkeypatch)
    (tmp_path / "a.mine").write_text("something")
    with pytest.raises(ValueError, match=r"^a\.mine cannot be read as a labels file: 'record'$"):
        read_record(tmp_path / "a.mine")


def test_refusals_name_the_formats_that_are_known(monkeypatch, tmp_path):
    declared(monkeypatch)
    with pytest.raises(ValueError, match="holds no Mine files"):
        sources([str(tmp_path)], tmp_path)


def test_a_folder_that_is_no_image_names_the_folders_that_are(monkeypatch, tmp_path):
    mine = Format("Mine", (".mine",), read=lambda path, how: None, folder=True)
    monkeypatch.setattr(known, "formats", lambda: (known.TIFF, known.OME_ZARR, mine))
    with pytest.raises(IsADirectoryError, match=r"give a file in it, or an OME-Zarr or Mine\.$"):
        read_image(tmp_path)
