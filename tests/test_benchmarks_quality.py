"""The quality benchmark: what a row stands for, and how rows become lines of a table."""

from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def _beside(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def _row(image, coverings, **parameters):
    return {
        "set": "bsds500-val",
        "image": image,
        "parameters": {"name": "grid", **parameters},
        "superpixels": None,
        "axis": "cells",
        "values": [2, 4],
        "columns": ["segments", "covered", "total"],
        "scores": [[k, covered, 10] for k, covered in zip((2, 4), coverings, strict=True)],
    }


def _lines(rows, elsewhere=None):
    from _scores import SC
    from _table import Group, _lines

    return _lines(Group(rows), elsewhere and Group(elsewhere), [SC])


def test_the_best_for_the_set_is_not_the_best_for_each():
    from _scores import SC

    ods, ois = _lines([_row("a", (9, 4)), _row("b", (1, 8))])
    assert ods.value(SC) == pytest.approx(12 / 20)
    assert ois.value(SC) == pytest.approx(17 / 20)
    assert ods.segments(SC) == 4
    assert ods.oracle
    assert ois.oracle


def test_a_parameter_chosen_on_other_images_is_no_oracle():
    from _scores import SC

    *_, chosen = _lines([_row("a", (9, 4)), _row("b", (1, 8))], [_row("c", (5, 3))])
    assert chosen.value(SC) == pytest.approx(10 / 20)
    assert not chosen.oracle


def test_scores_of_objects_leave_out_the_background():
    import numpy as np
    from _scores import object_scores

    truth = np.array([[0, 1, 1, 1, 1, 0, 2, 2]])
    labels = np.array([[0, 3, 3, 3, 0, 0, 4, 4]])
    of_ten = (5 + 5 / 3) / 10  # the IoU of 3 / 4 is above five of the ten thresholds
    expected = {"f1": 1, "ap50": 1, "map": of_ten, "pq": (3 / 4 + 1) / 2, "aji": 5 / 6}
    assert object_scores(labels, truth) == pytest.approx(expected)
    assert set(object_scores(truth * 0, truth).values()) == {0.0}


def test_differences_are_paired_by_image():
    from _scores import SC
    from _table import _difference

    line = _lines([_row("a", (9, 0)), _row("b", (5, 0)), _row("c", (1, 0))])[0]
    versus = _lines([_row("b", (3, 0)), _row("a", (5, 0))])[0]
    # 0.4 and 0.2: the image that only one of them has does not count.
    assert _difference(line, versus, SC) == "+0.300 ± 0.100"


def test_a_row_is_used_again_when_a_parameter_came_later():
    from _jobs import completed, read_job

    key = read_job("kmeans:k=3", "auto", 1).key
    row = {**key, "parameters": {k: v for k, v in key["parameters"].items() if k != "seed"}}
    assert completed(row) == key
    assert completed(row) != read_job("kmeans:k=3,seed=1", "auto", 1).key
    swept = read_job("kmeans", "auto", 1).key
    assert completed(swept) == swept


def test_what_is_swept():
    from _jobs import read_job

    assert read_job("slic:n_segments=5", "auto", 1).values == ()
    assert read_job("slic:n_segments=5/9,compactness=10", "auto", 1).values == (5, 9)
    assert read_job("backprop:iterations=120", "auto", 1).values == (50, 100, 120)


def test_a_method_is_named_with_what_is_not_the_default():
    from _jobs import read_job, title

    assert title(read_job("dic+felzenszwalb", "auto", 1).key) == "DIC, on Felzenszwalb"
    key = read_job("dsc:width=32+felzenszwalb:scale=200", "auto", 1).key
    assert title(key) == "DSC, width 32, on Felzenszwalb, scale 200.0"


def test_an_image_without_contours_has_no_row_on_their_superpixels():
    from types import SimpleNamespace

    from _jobs import read_job

    case = SimpleNamespace(contours=None)
    assert read_job("dic+ucm2:threshold=0.1", "auto", 1).row(case) is None


def test_a_method_and_superpixels_of_one_name_are_told_apart():
    from _jobs import read_job, title

    key = read_job("dic+consensus:n_segments=50", "auto", 1).key
    assert title(key) == "DIC, on Consensus, n_segments 50"
    method = read_job("consensus:networks=both", "auto", 1)
    assert title(method.key) == "Consensus, networks both"
