"""A plan is read as it was written, or refused in a sentence."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
import zarr

import napari_selfseg as ss
from napari_selfseg.scale import LargeImage, load_plan

OTHERS = [None, True, -1, 10**30, 1.5, "x", "9" * 3000, [], [0, 0], [1], {"a": 1}, [10**9, "y"]]
KEYS = ["source", "model", "labels", "shape", "tile", "halo", "superpixels", "objects", "told"]


@pytest.fixture(scope="module")
def fit():
    picture = np.random.default_rng(0).random((20, 24))
    return ss.segment(picture, ss.Backprop(iterations=1, channels=4), threads=1).fit


@pytest.fixture(scope="module")
def plan(fit, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    zarr.create_array(str(folder / "a.zarr"), shape=(40, 48), chunks=(20, 24), dtype="uint8")
    return LargeImage(folder / "a.zarr", folder / "l.ome.zarr").plan_tiles(fit, tile=16, threads=1)


def test_a_plan_comes_back(plan):
    assert load_plan(plan.work) == plan


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("other", OTHERS, ids=lambda other: str(other)[:12])
def test_another_type_anywhere_is_refused_or_a_plan(plan, tmp_path, key, other):
    values = json.loads(plan.beside("plan.json").read_text())
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({**values, key: other}))
    try:
        found = load_plan(path)
    except ValueError as error:
        said = str(error)
    else:
        assert len(found.grid) >= 1
        return
    assert said.startswith(f"{path} cannot be read as a plan: ")
    assert len(said) - len(str(path)) < 300


@pytest.mark.parametrize("text", ["", "[]", "3", "null", "{}", "{", "[" * 5000, '{"shape": [1]}'])
def test_text_that_is_no_plan(tmp_path, text):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(ValueError, match=r"plan\.json cannot be read as a plan: ."):
        load_plan(tmp_path)


@pytest.mark.parametrize(("tile", "n"), [(1, 10**10), (8, 156_250_000)])
def test_too_many_tiles_are_refused_at_once(fit, tmp_path, tile, n):
    zarr.create_array(
        str(tmp_path / "a.zarr"), shape=(100_000, 100_000), chunks=(1000, 1000), dtype="uint8"
    )
    start = time.process_time()
    with pytest.raises(ValueError, match=f"^{n} tiles are too many"):
        LargeImage(tmp_path / "a.zarr", tmp_path / "l.ome.zarr").plan_tiles(fit, tile=tile)
    assert time.process_time() - start < 3
    assert [each.name for each in tmp_path.iterdir()] == ["a.zarr"]
