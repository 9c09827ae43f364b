"""The figures of the Evaluate dock, without a window."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_selfseg.metrics import METRICS, contrast, evaluate, stability
from napari_selfseg.widgets.evaluate._comparison import resolve
from napari_selfseg.widgets.evaluate._figures import TRUTH, WITHOUT, Row, figures
from napari_selfseg.widgets.evaluate._saving import save_lines
from napari_selfseg.widgets.evaluate._words import WORDS

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 255, (12, 16, 3)).astype(np.uint8)
TRUTHS = [RNG.integers(0, 4, (12, 16)).repeat(2, 0)[:12] for _ in range(2)]
MAPS = [np.where(RNG.random((12, 16)) < share, TRUTHS[0], 5) for share in (0.9, 0.3)]


def found(*names, truths=2, image=True, **settings):
    labels = [Labels(each, name=name) for each, name in zip(MAPS, names, strict=False)]
    layers = [Labels(each, name=f"truth {k}") for k, each in enumerate(TRUTHS[:truths], 1)]
    picture = Image(IMAGE, rgb=True, name="image") if image else None
    return figures(resolve(labels, layers, picture, **settings))


def test_figures_are_those_of_the_metrics():
    table = found("one", "two", ignore="0", background="1")
    rows = {row.name: row.values for row in table.rows}
    assert rows.keys() == WORDS.keys()
    for k, labels in enumerate(MAPS):
        each = evaluate(labels, TRUTHS, ignore=[0], background=[1])
        assert {m.name: rows[m.name][k] for m in METRICS} == each.values
        assert rows["segments"][k] == each.n_segments
        assert rows["contrast"][k] == contrast(IMAGE, labels, channel_axis=-1).ratio
    assert rows["regions"] == (3, 3)
    assert rows["stability_rand"] == (stability(MAPS).adjusted_rand,)
    assert table.note == "Compared with 2 truth layers on 12 x 16 pixels."


def test_labels_without_background_have_a_sentence_in_place_of_figures_of_objects():
    nuclei = np.where(TRUTHS[0] > 1, TRUTHS[0], 0)
    pairs = (("nuclei", nuclei), ("pieces", TRUTHS[0] + 1))
    layers = [Labels(each, name=name) for name, each in pairs]
    table = figures(resolve(layers, [Labels(nuclei, name="truth")], background="0"))
    rows = {row.name: row for row in table.rows}
    assert rows["aggregated_jaccard"].texts == ("1.000", "\u2013")
    assert rows["aggregated_jaccard"].best == frozenset()
    assert rows["covering"].texts[0] == "1.000"
    assert table.remarks[0] == ""
    assert "the labels have none" in table.remarks[1]
    assert table.note.endswith(f"pieces: {table.remarks[1]}")
    lines = {line[1]: line[3:] for line in table.lines()}
    assert lines["Aggregated Jaccard index"] == ["1", ""]
    assert lines["Remarks"] == list(table.remarks)


def test_without_truth_there_are_only_figures_that_are_not_accuracy():
    table = found("one", truths=0)
    assert {row.group for row in table.rows} == {WITHOUT}
    assert [row.name for row in found("one", truths=0, image=False).rows] == ["segments"]
    assert not any(row.better for row in table.rows)


def test_what_cannot_be_compared_is_named():
    with pytest.raises(ValueError, match="one: No pixel is left"):
        found("one", ignore="0, 1, 2, 3")


def test_the_best_are_those_that_are_shown_as_the_best():
    assert Row(TRUTH, "", "", (0.5, 0.70001, 0.70004), "higher").best == {1, 2}
    assert Row(TRUTH, "", "", (0.5, 0.7), "lower").best == {0}
    assert Row(TRUTH, "", "", (0.5, 0.7)).best == frozenset()
    assert Row(TRUTH, "", "", (0.70001, 0.70004), "higher").best == frozenset()
    assert Row(TRUTH, "", "", (0.5,), "higher").best == frozenset()
    nothing = float("nan")
    assert Row(TRUTH, "", "", (nothing, 0.5, 0.7), "higher").best == {2}
    assert Row(TRUTH, "", "", (nothing, 0.5, 0.7), "lower").best == {1}
    assert Row(TRUTH, "", "", (nothing, nothing), "lower").best == frozenset()
    assert Row(TRUTH, "", "", (3e6, 99.5)).texts == ("3e+06", "99.500")


def test_the_table_is_saved_whole_with_what_was_compared(tmp_path):
    lines = found("one\t1", "zwei \u00b5m", ignore="7").lines()
    path = tmp_path / "table.csv"
    save_lines(lines, str(path))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        read = list(csv.reader(file))
    assert read == lines
    assert read[0] == ["group", "metric", "better", "one 1", "zwei \u00b5m"]
    assert {len(line) for line in read} == {5}
    values = {line[1]: line[2:] for line in read}
    assert values["truth"] == ["", "truth 1, truth 2", "truth 1, truth 2"]
    assert values["ignored labels"] == ["", "7", "7"]
    better, first, second = values["Segmentation covering"]
    assert better == "higher"
    expected = [evaluate(each, TRUTHS, ignore=[7]).values["covering"] for each in MAPS]
    assert [float(first), float(second)] == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ValueError, match=r"\.csv"):
        save_lines(lines, str(tmp_path / "table.xlsx"))
    assert [each.name for each in tmp_path.iterdir()] == ["table.csv"]
