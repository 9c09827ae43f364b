"""Tables of objects in the group `tables` of their image, as ngio reads them."""

from __future__ import annotations

import builtins

import numpy as np
import pytest
import zarr

from napari_selfseg.io import (
    labels_in,
    list_labels,
    list_table,
    table_in,
    write_labels,
    write_table,
)
from napari_selfseg.objects import object_features

ngio = pytest.importorskip("ngio", reason="ngio (the extra tables) is not installed")

LABELS = np.zeros((20, 30), np.uint16)
LABELS[2:8, 3:9], LABELS[10:15, 12:20] = 3, 70
IMAGE = np.random.default_rng(0).random((20, 30, 2))
COLUMNS = object_features(LABELS, IMAGE, channel_axis=-1, spacing=(0.5, 0.25), unit="µm")


@pytest.fixture(params=["0.4", "0.5"])
def image(tmp_path, request):
    two = request.param == "0.4"
    path = tmp_path / "a.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=2 if two else 3)
    told = {
        "axes": [{"name": a, "type": "space", "unit": "micrometer"} for a in "yx"],
        "datasets": [
            {
                "path": "0",
                "coordinateTransformations": [{"type": "scale", "scale": [0.5, 0.25]}],
            }
        ],
    }
    if two:
        group.attrs.update({"multiscales": [told | {"version": "0.4"}]})
    else:
        group.attrs.update({"ome": {"version": "0.5", "multiscales": [told]}})
    how = {"chunk_key_encoding": {"name": "v2", "separator": "/"}} if two else {}
    group.create_array("0", data=np.zeros((20, 30), np.uint8), **how)
    return path


def written(image, name="shapes"):
    target = table_in(image, name)
    write_table(target, COLUMNS, "cells")
    list_table(target)
    return target


def test_ngio_reads_the_table_of_the_labels(image):
    labels = labels_in(image, "cells")
    write_labels(labels, LABELS)
    list_labels(labels)
    written(image)
    container = ngio.open_ome_zarr_container(image)
    assert container.list_tables(filter_types="feature_table") == ["shapes"]
    table = container.get_feature_table("shapes")
    assert table.reference_label == "cells"
    assert container.get_label(table.reference_label).shape == (20, 30)
    frame = table.dataframe
    assert frame.index.name == "label"
    assert frame.index.tolist() == [3, 70]
    assert set(frame.columns) == set(COLUMNS) - {"index"}
    for name in frame.columns:
        np.testing.assert_allclose(frame[name], COLUMNS[name], rtol=1e-6)


def test_the_region_is_a_path(image):
    target = written(image)
    attributes = zarr.open_group(target).attrs.asdict()
    assert attributes["region"] == {"path": "../labels/cells"}
    assert (attributes["type"], attributes["instance_key"]) == ("feature_table", "label")
    group = zarr.open_group(image, mode="r")
    assert group["tables/shapes"].metadata.zarr_format == group.metadata.zarr_format


def test_what_is_there_is_kept_unless_allowed_and_ours(image):
    target = written(image)
    with pytest.raises(FileExistsError, match=r"a.zarr/tables/shapes is there .* --overwrite"):
        table_in(image, "shapes")
    assert table_in(image, "shapes", overwrite=True) == target
    del zarr.open_group(target).attrs["napari-selfseg"]
    with pytest.raises(FileExistsError, match="was not written by napari-selfseg"):
        table_in(image, "shapes", overwrite=True)


def test_several_are_listed_and_nothing_else_is_left(image):
    written(image), written(image, "again")
    assert ngio.open_ome_zarr_container(image).list_tables() == ["shapes", "again"]
    names = {path.name for path in (image / "tables").iterdir()}
    assert names - {".zgroup", ".zattrs", "zarr.json"} == {"shapes", "again"}


def test_no_objects_are_an_empty_table(image):
    target = table_in(image, "none")
    write_table(target, object_features(np.zeros((4, 4), int)), "cells")
    list_table(target)
    assert len(ngio.open_ome_zarr_container(image).get_feature_table("none").dataframe) == 0


def test_without_ngio_a_sentence_says_how_to_get_it(image, monkeypatch):
    known = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("ngio"):
            raise ImportError(name)
        return known(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ValueError, match=r"written by ngio: pip install .*tables"):
        table_in(image, "shapes")
    assert not (image / "tables").exists()
