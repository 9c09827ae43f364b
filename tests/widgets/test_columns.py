"""What somebody else knows of labels stays in their table; no window."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels

from napari_selfseg.widgets.canvas.columns import annotated, clear_table, our_table, write_table

OURS = {"index": [1, 2, 3], "pixels": [4, 5, 6]}


@pytest.fixture
def layer():
    return Labels(np.arange(12).reshape(3, 4) % 4)


def test_columns_of_others_stay_beside_their_labels(layer):
    layer.features = {"index": [3, 1], "note": ["round", "long"]}
    assert annotated(layer)
    write_table(layer, OURS)
    assert layer.features["pixels"].tolist() == [4, 5, 6]
    assert layer.features["note"].fillna("-").tolist() == ["long", "-", "round"]
    write_table(layer, {"index": [1, 3, 7], "mean": [0.1, 0.3, 0.7]})
    assert list(layer.features.columns) == ["index", "mean", "note"]
    assert layer.features["note"].fillna("-").tolist() == ["long", "round", "-"]
    assert list(our_table(layer).columns) == ["index", "mean"]


def test_without_an_index_rows_are_those_of_labels_0_1_2(layer):
    layer.features = {"note": ["none", "long", "small", "round"]}
    write_table(layer, OURS)
    assert layer.features["note"].tolist() == ["long", "small", "round"]


def test_a_column_that_is_called_like_ours_is_kept_under_another_name(layer):
    layer.features = {"index": [1], "pixels": [99]}
    write_table(layer, OURS)
    write_table(layer, OURS)
    assert list(layer.features.columns) == ["index", "pixels", "pixels (yours)"]
    assert layer.features["pixels (yours)"][0] == 99


def test_our_own_columns_are_nobody_elses(layer):
    assert not annotated(layer)
    write_table(layer, OURS)
    assert not annotated(layer)
    clear_table(layer)
    assert list(layer.features.columns) == []
    layer.features = OURS
    assert annotated(layer), "we did not write these"
