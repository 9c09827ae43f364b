from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from napari_selfseg.metrics import average_precision, contingency, objects

PAIRS = arrays(np.int64, (2, 3, 6), elements=st.integers(0, 3))
THRESHOLDS = st.sampled_from([0.5, 0.6, 0.7, 0.75, 0.95])


def ious(segments, truth, background=()):
    """IoU of every segment with every region, the sizes of the segments beside."""
    ids = [[v for v in np.unique(each) if v not in background] for each in (segments, truth)]
    table = np.zeros((len(ids[0]), len(ids[1])))
    for (i, j), _ in np.ndenumerate(table):
        a, b = segments == ids[0][i], truth == ids[1][j]
        table[i, j] = (a & b).sum() / (a | b).sum()
    return table, [(segments == v).sum() for v in ids[0]]


def brute_counts(segments, truth, threshold, background=()):
    """True positives by an assignment, as the microscopy codes do; then FP and FN."""
    table, _ = ious(segments, truth, background)
    good = table > threshold
    rows, columns = linear_sum_assignment(-(good + table / 1000))
    hits = int(good[rows, columns].sum())
    return hits, table.shape[0] - hits, table.shape[1] - hits


@pytest.mark.parametrize("background", [(), (0,)])
@given(pair=PAIRS, threshold=THRESHOLDS)
def test_f_and_ap_are_counts_of_objects(background, pair, threshold):
    tp, fp, fn = brute_counts(*pair, threshold, background)
    found = objects(contingency(*pair), background=background)
    assert found.hits(threshold) == tp
    either, both = tp + fp + fn, 2 * tp + fp + fn
    assert found.accuracy(threshold) == pytest.approx(tp / either if either else 1)
    assert found.f_score(threshold) == pytest.approx(2 * tp / both if both else 1)


@pytest.mark.parametrize("background", [(), (0,)])
@given(pair=PAIRS)
def test_panoptic_quality_is_the_sum_over_objects_found(background, pair):
    table, _ = ious(*pair, background)
    tp, fp, fn = brute_counts(*pair, 0.5, background)
    overlap, found = table[table > 0.5].sum(), objects(contingency(*pair), background=background)
    either = tp + fp / 2 + fn / 2
    assert found.panoptic_quality == pytest.approx(overlap / either if either else 1)
    assert found.segmentation_quality == pytest.approx(overlap / tp if tp else float(not either))
    assert found.panoptic_quality <= found.f_score(0.5)


def test_a_panoptic_quality_by_hand():
    truth = np.array([[1, 1, 1, 1, 0, 2, 2, 0, 3]])
    labels = np.array([[4, 4, 4, 0, 0, 5, 5, 0, 0]])
    found = objects(contingency(labels, truth))
    assert found.segmentation_quality == (3 / 4 + 1) / 2
    assert found.panoptic_quality == pytest.approx((3 / 4 + 1) / (2 + 1 / 2))


def test_mean_accuracy_takes_ten_thresholds():
    truth = np.array([[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]])
    labels = np.array([[1, 1, 1, 1, 1, 1, 1, 0, 0, 0]])
    # An IoU of 0.7 is above 0.50, 0.55, 0.60 and 0.65.
    assert objects(contingency(labels, truth)).mean_accuracy == 0.4


def brute_average_precision(images, threshold):
    """Precision and recall of all segments of a size and above, for every size there is."""
    found, n_regions = [], 0
    for segments, truth in images:
        table, sizes = ious(segments, truth)
        found += list(zip(sizes, table.max(axis=1) > threshold, strict=True))
        n_regions += table.shape[1]
    area, recall = 0.0, 0.0
    for least in sorted({size for size, _ in found}, reverse=True):
        taken = [hit for size, hit in found if size >= least]
        area += (sum(taken) / n_regions - recall) * np.mean(taken)
        recall = sum(taken) / n_regions
    return area


@given(st.lists(PAIRS, min_size=1, max_size=3), THRESHOLDS)
def test_average_precision_pools_the_segments(images, threshold):
    pool = [objects(contingency(*pair), background=()) for pair in images]
    expected = brute_average_precision(images, threshold)
    assert average_precision(pool, threshold) == pytest.approx(expected)


@given(PAIRS, THRESHOLDS)
def test_names_bounds_and_the_truth_itself(pair, threshold):
    segments, truth = pair
    found = objects(contingency(segments, truth), background=())
    again = objects(contingency(7 - segments, truth * 2), background=())
    for value, same in (
        (found.f_score(threshold), again.f_score(threshold)),
        (found.accuracy(threshold), again.accuracy(threshold)),
        (average_precision([found], threshold), average_precision([again], threshold)),
    ):
        assert value == pytest.approx(same)
        assert 0 <= value <= 1
    itself = objects(contingency(truth, truth), background=())
    assert itself.f_score(0.95) == itself.accuracy(0.95) == 1
    assert average_precision([itself], 0.95) == pytest.approx(1)


@given(PAIRS)
def test_f_and_ap_are_symmetric(pair):
    one, other = (objects(contingency(*each), background=()) for each in (pair, pair[::-1]))
    assert one.f_score(0.5) == other.f_score(0.5)
    assert one.accuracy(0.5) == other.accuracy(0.5)


def test_background_is_no_object_but_its_pixels_count_in_the_union():
    truth = np.array([[0, 0, 0, 7, 7, 7]])
    segments = np.array([[0, 0, 1, 1, 1, 1]])
    found = objects(contingency(segments, truth))
    assert (len(found.best), found.n_regions) == (1, 1)
    assert found.best[0] == pytest.approx(3 / 4)


def test_nothing_to_find():
    nothing = objects(contingency([[0, 0]], [[0, 0]]))
    assert nothing.f_score(0.5) == nothing.accuracy(0.5) == average_precision([nothing], 0.5) == 1
    assert nothing.panoptic_quality == nothing.segmentation_quality == 1
    wrong = objects(contingency([[1, 0]], [[0, 0]]))
    assert wrong.f_score(0.5) == wrong.accuracy(0.5) == average_precision([wrong], 0.5) == 0
    assert wrong.panoptic_quality == wrong.segmentation_quality == 0
    missed = objects(contingency([[0, 0]], [[1, 0]]))
    assert missed.f_score(0.5) == missed.accuracy(0.5) == average_precision([missed], 0.5) == 0
    assert missed.panoptic_quality == missed.segmentation_quality == 0


def test_an_iou_at_the_threshold_is_not_above_it():
    found = objects(contingency([[1, 2]], [[5, 5]]))
    assert found.best.tolist() == [0.5, 0.5]
    assert found.hits(0.5) == 0


@pytest.mark.parametrize("threshold", [0.49, 1.01])
def test_thresholds_where_several_could_match_are_refused(threshold):
    found = objects(contingency([[1, 2]], [[5, 5]]))
    with pytest.raises(ValueError, match=r"0\.5 to 1"):
        found.hits(threshold)
    with pytest.raises(ValueError, match=r"0\.5 to 1"):
        average_precision([found], threshold)
