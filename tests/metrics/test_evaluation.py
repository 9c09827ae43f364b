from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_selfseg import metrics as m
from napari_selfseg.metrics import METRICS, Covering, contingency, evaluate, overall

TRIPLES = arrays(np.int64, (3, 4, 5), elements=st.integers(0, 3))
NAMES = [metric.name for metric in METRICS]


@given(TRIPLES)
def test_every_value_is_what_its_function_gives(maps):
    labels, truths = maps[0], maps[1:]
    tables = [contingency(labels, truth) for truth in truths]
    found = [m.objects(table, background=()) for table in tables]
    voi = [m.variation_of_information(table) for table in tables]
    match = m.boundary_match(labels, truths)
    thresholds = np.arange(50, 100, 5) / 100
    assert evaluate(labels, truths, background=()).values == pytest.approx(
        {
            "covering": m.covering(labels, truths).value,
            "rand": np.mean([m.rand_index(t) for t in tables]),
            "adjusted_rand": np.mean([m.adjusted_rand_index(t) for t in tables]),
            "adapted_rand_error": np.mean([m.adapted_rand_error(t) for t in tables]),
            "voi": np.mean([v.total for v in voi]),
            "voi_over": np.mean([v.over for v in voi]),
            "voi_under": np.mean([v.under for v in voi]),
            "gce": np.mean([m.global_consistency_error(t) for t in tables]),
            "bde": np.mean(m.boundary_displacement_error(labels, truths)),
            "boundary_precision": match.precision,
            "boundary_recall": match.recall,
            "boundary_f": match.f_score,
            "asa": np.mean([m.achievable_segmentation_accuracy(t) for t in tables]),
            "undersegmentation": np.mean([m.undersegmentation_error(t) for t in tables]),
            "object_f_50": np.mean([f.f_score(0.5) for f in found]),
            "object_f_70": np.mean([f.f_score(0.7) for f in found]),
            "object_ap_50": m.average_precision(found, 0.5),
            "object_ap_70": m.average_precision(found, 0.7),
            "instance_ap_50": np.mean([f.accuracy(0.5) for f in found]),
            "instance_ap_75": np.mean([f.accuracy(0.75) for f in found]),
            "instance_ap": np.mean([f.accuracy(t) for f in found for t in thresholds]),
            "panoptic_quality": np.mean([f.panoptic_quality for f in found]),
            "segmentation_quality": np.mean([f.segmentation_quality for f in found]),
            "aggregated_jaccard": np.mean([m.aggregated_jaccard(t, background=()) for t in tables]),
            "hungarian_accuracy": np.mean([m.hungarian(t).accuracy for t in tables]),
            "hungarian_miou": np.mean([m.hungarian(t).mean_iou for t in tables]),
            "majority_accuracy": np.mean([m.majority(t).accuracy for t in tables]),
            "majority_miou": np.mean([m.majority(t).mean_iou for t in tables]),
        }
    )


@given(TRIPLES)
def test_the_truth_itself_is_best(maps):
    _, truth, labels = maps
    best, other = (evaluate(each, [truth], background=()).values for each in (truth, labels))
    for metric in METRICS:
        sign = 1 if metric.higher else -1
        assert sign * best[metric.name] >= sign * other[metric.name] - 1e-12


def test_values_come_in_the_order_of_the_list():
    truth = np.array([[1, 2]])
    assert list(evaluate(truth, [truth]).values) == NAMES
    boundaries = ["bde", "boundary_precision", "boundary_recall", "boundary_f"]
    without = evaluate(truth, [truth], tolerance=None)
    assert list(without.values) == [name for name in NAMES if name not in boundaries]
    assert without.boundary is None


def test_a_set_sums_covering_and_boundaries_and_averages_the_rest():
    half, whole = np.array([[1, 2]]), np.array([[1] * 6, [1] * 6])
    one, other = (evaluate(a, [b], background=()) for a, b in ((half * 0, half), (whole, whole)))
    found = overall([one, other])
    assert found["covering"] == Covering.summed([Covering(1, 2), Covering(12, 12)]).value
    assert found["rand"] == pytest.approx((0 + 1) / 2)
    assert found["boundary_recall"] == 0
    # Two images of one segment each: the larger comes first and is right.
    assert found["object_ap_50"] == pytest.approx(1 / 3)


def test_ignored_pixels_and_background_reach_every_part():
    labels = np.array([[0, 0, 1, 1, 2, 2]])
    truth = np.array([[0, 0, 5, 5, 9, 9]])
    found = evaluate(labels, [truth], ignore=[9], background=[0])
    (one,) = found.annotators
    assert (one.n_segments, one.n_regions, one.n_pixels) == (2, 2, 4)
    assert (len(one.objects.best), one.objects.n_regions) == (1, 1)
    assert found.boundary.annotated == 1
    assert found.n_segments == 2
    assert all(found.values[metric.name] == metric.higher for metric in METRICS)


def test_a_record_holds_values_and_counts():
    labels, truth = np.array([[1, 1, 2, 2]]), np.array([[1, 1, 1, 2]])
    found = evaluate(labels, [truth, labels], background=())
    record = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert record["values"] == found.values
    assert record["segments"] == 2
    assert record["boundary"] == found.boundary._asdict()
    first, second = record["annotators"]
    assert first["covering"] == {"covered": pytest.approx(3 * 2 / 3 + 1 / 2), "total": 4}
    assert first["objects"]["true_positives"]["0.50"] == 1
    assert first["objects"]["instance_ap"]["0.50"] == pytest.approx(1 / 3)
    assert first["rand"] != second["rand"] == 1
    left_out = evaluate(labels, [truth]).as_dict()["annotators"][0]
    assert left_out["objects"] is None
    assert "label 1 covers 75 %" in left_out["remark"]


def test_figures_of_objects_are_left_out_of_a_set_when_one_image_has_none():
    truth = np.array([[0, 0, 1, 1, 2, 2]])
    good, bad = evaluate(truth, [truth]), evaluate(truth + 1, [truth])
    names = {name for name in NAMES if name not in bad.values}
    assert names == {
        *("object_f_50", "object_f_70", "object_ap_50", "object_ap_70"),
        *("instance_ap_50", "instance_ap_75", "instance_ap"),
        *("panoptic_quality", "segmentation_quality", "aggregated_jaccard"),
    }
    assert good.remark == ""
    assert "the labels have none" in bad.remark
    assert overall([good, bad]).keys() == overall([bad, good]).keys() == bad.values.keys()
    both = evaluate(truth, [truth, truth * 0 + 7])
    assert "no background" in both.remark
    assert names.isdisjoint(both.values)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="no ground truth"):
        evaluate([[1]], [])
    with pytest.raises(ValueError, match="no image"):
        overall([])
    with pytest.raises(ValueError, match="whole numbers, not float64"):
        evaluate([[1.0]], [[[1]]])


def test_neither_torch_nor_napari_is_needed():
    code = "import napari_selfseg.metrics, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "napari", "qtpy"} & set(done.stdout.split())


def test_every_metric_is_explained():
    text = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text()
    assert [name for name in NAMES if f"`{name}`" not in text] == []
