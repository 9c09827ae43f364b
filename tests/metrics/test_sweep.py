from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

import pytest

from napari_selfseg.io import load_ucm2, read_truth, ucm2_regions
from napari_selfseg.metrics import Best, Covering, evaluate, ods_ois


def summed(parts):
    return Covering.summed(parts).value


def test_one_parameter_for_the_set_and_one_for_each_image():
    images = [{1: 0.2, 2: 0.5, 3: 0.1}, {1: 0.9, 2: 0.7, 3: 0.1}]
    assert ods_ois(images, fmean, higher=True) == Best(pytest.approx(0.6), 2, pytest.approx(0.7))


def test_lower_may_be_better():
    images = [{1: 3.0, 2: 2.0}, {1: 1.0, 2: 2.5}]
    assert ods_ois(images, fmean, higher=False) == Best(2.0, 1, 1.5)


def test_fractions_are_summed_before_dividing():
    images = [{1: Covering(1, 2), 2: Covering(2, 2)}, {1: Covering(9, 10), 2: Covering(1, 10)}]
    found = ods_ois(images, summed, higher=True)
    assert found == Best(pytest.approx(10 / 12), 1, pytest.approx(11 / 12))


@pytest.mark.parametrize("images", [[], [{1: 0.1}, {2: 0.1}], [{1: 0.1}, {1: 0.1, 2: 0.2}]])
def test_parameters_must_be_the_same(images):
    with pytest.raises(ValueError, match="same parameters"):
        ods_ois(images, fmean, higher=True)


def _of_each_image(*columns):
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "ucm_val.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len({row["image"] for row in rows}) == len(rows) == 100
    return {
        row["image"]: {k + 1: tuple(score[c] for c in columns) for k, score in enumerate(scores)}
        for row in rows
        for scores in [row["scores"]]
    }


def test_contours_score_what_was_published():
    """BSDS500 val, gPb-owt-ucm; the rows are those of benchmarks/ucm.py."""
    for columns, combine, higher, published in (
        ((1, 2), lambda parts: summed(Covering(*p) for p in parts), True, (0.588, 0.645)),
        ((3,), lambda parts: fmean(p for (p,) in parts), True, (0.808, 0.852)),
        ((4,), lambda parts: fmean(p for (p,) in parts), False, (1.653, 1.466)),
    ):
        best = ods_ois(list(_of_each_image(*columns).values()), combine, higher=higher)
        assert (round(best.ods, 3), round(best.ois, 3)) == published


def test_rows_of_the_contours_can_be_made_again(data):
    folder = data / "bsds500"
    ucm2 = load_ucm2(folder / "ucm2" / "val" / "101085.mat")
    truths = read_truth(folder / "data" / "groundTruth" / "val" / "101085.mat")
    for percent in (5, 19, 60):
        found = evaluate(ucm2_regions(ucm2, percent / 100), truths, tolerance=None)
        values = found.values
        covering = Covering.summed(each.covering for each in found.annotators)
        expected = (found.n_segments, *covering, values["rand"], values["voi"])
        row = _of_each_image(0, 1, 2, 3, 4)["101085"][percent]
        assert row == pytest.approx(expected, rel=1e-5)
