"""Files as a collection: what has no data is not learned from."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_selfseg.cli import main
from napari_selfseg.io import load_fit
from napari_selfseg.scale import gathered

RNG = np.random.default_rng(0)
NODATA = [(42113, 2, 0, "0", True)]
FLAGS = ["--method", "backprop", "--iterations", "2", "--channels", "4", "--device", "cpu"]


def written(path, hole):
    data = RNG.integers(1, 255, (24, 20), dtype=np.uint8)
    data[hole] = 0
    tifffile.imwrite(path, data, extratags=NODATA, photometric="minisblack")
    return data


def test_masks_lie_beside_their_images_and_tiles(tmp_path):
    first = written(tmp_path / "a.tif", np.s_[:12])
    written(tmp_path / "b.tif", np.s_[:0])
    found = gathered([str(tmp_path)], planes=False, tile=12)
    assert len(found.images) == len(found.masks) == len(found.names) == 8
    assert found.with_data == [2, 3, 4, 5, 6, 7]  # the upper two of the first hold none
    assert [mask is None for mask in found.masks] == [False, False] + [True] * 6
    some = found.only([1, 2])
    np.testing.assert_array_equal(some.images[1], first[12:, :10])
    assert not some.mask[0].any()
    assert found.only([5]).mask is None


def test_what_stands_for_no_data_changes_no_model(tmp_path):
    """The same pixels with data, once with nothing around them: the same values are scaled."""
    models = []
    for name, value in (("a", 0), ("b", 0)):
        folder = tmp_path / name
        folder.mkdir()
        data = np.random.default_rng(0).integers(100, 200, (24, 20), dtype=np.uint16)
        data[:9] = value
        tags = NODATA if name == "a" else []
        tifffile.imwrite(folder / "i.tif", data, extratags=tags, photometric="minisblack")
        model = tmp_path / f"{name}.safetensors"
        assert main(["train", str(folder), "-o", str(model), *FLAGS]) == 0
        models.append(load_fit(model).scaling)
    assert models[0] != models[1]
    np.testing.assert_allclose(np.ravel(models[0].low), 100, atol=1)


def test_a_tile_without_data_ends_no_training(tmp_path, capsys):
    for k in range(2):
        written(tmp_path / f"{k}.tif", np.s_[: 24 * k])
    model = tmp_path / "m.safetensors"
    assert main(["train", str(tmp_path), "-o", str(model), *FLAGS]) == 0
    (tmp_path / "0.tif").unlink()
    assert main(["train", str(tmp_path), "-o", str(tmp_path / "n.safetensors"), *FLAGS]) == 2
    assert "1.tif holds no data, and so it is with all of the images" in capsys.readouterr().err


@pytest.mark.parametrize("below", ["*.tif", ""])
def test_folders_and_patterns_are_the_same(tmp_path, below):
    written(tmp_path / "a.tif", np.s_[:0])
    assert gathered([str(tmp_path / below)], planes=False, tile=None).names == [
        str(tmp_path / "a.tif")
    ]
