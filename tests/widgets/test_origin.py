"""Labels of a layer lie where the file of the layer says."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_selfseg.io import read_image
from napari_selfseg.record import fingerprint
from napari_selfseg.widgets.model.origin import place_on_earth

rasterio = pytest.importorskip("rasterio")
DATA = np.random.default_rng(0).integers(0, 99, (20, 24), dtype=np.uint8)


def record(path, region=None, data=None):
    index = tuple(slice(*at) for at in region or ())
    shown = DATA[index] if data is None else data
    source = {"path": str(path), "region": region, "rgb": False}
    return {"source": source, "images": [fingerprint(shown, "a")]}


def test_the_whole_and_a_part_of_a_file(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", DATA)
    (tmp_path / "a.tfw").write_text("0.5\n0\n0\n-0.5\n1000.25\n1999.75\n")
    whole = read_image(tmp_path / "a.tif").georeference
    assert place_on_earth(record(tmp_path / "a.tif")) == whole
    part = place_on_earth(record(tmp_path / "a.tif", [[4, 20], [6, 24]]))
    assert part.transform == (0.5, 0, 1003, 0, -0.5, 1998)


def test_what_the_file_does_not_hold_is_nowhere(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", DATA)
    assert place_on_earth(record(tmp_path / "a.tif")) is None
    (tmp_path / "a.tfw").write_text("0.5\n0\n0\n-0.5\n1000.25\n1999.75\n")
    assert place_on_earth(record(tmp_path / "a.tif", data=DATA + 1)) is None
    assert place_on_earth(record("")) is None
    assert place_on_earth(record(tmp_path / "gone.tif")) is None
