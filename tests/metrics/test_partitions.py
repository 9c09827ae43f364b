"""Metrics of two partitions against their definitions, pixel by pixel, and their properties."""

from __future__ import annotations

from itertools import combinations
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage import metrics as skimage_metrics

from napari_selfseg.metrics import (
    achievable_segmentation_accuracy,
    adapted_rand_error,
    adjusted_rand_index,
    contingency,
    covering_of,
    global_consistency_error,
    rand_index,
    undersegmentation_error,
    variation_of_information,
)

PAIRS = arrays(np.int64, (2, 3, 5), elements=st.integers(1, 4))
VOLUMES = arrays(np.uint8, (2, 2, 3, 3), elements=st.integers(0, 3))


def voi(table):
    return variation_of_information(table).total


def pairs_of_pixels(segments, truth):
    """For each pair of pixels whether it lies in one segment, and in one region."""
    a, b = segments.ravel(), truth.ravel()
    return [(a[p] == a[q], b[p] == b[q]) for p, q in combinations(range(a.size), 2)]


def brute_rand(segments, truth):
    return np.mean([a == b for a, b in pairs_of_pixels(segments, truth)])


def brute_adapted(segments, truth):
    pairs = pairs_of_pixels(segments, truth)
    both = sum(a and b for a, b in pairs)
    drawn, true = sum(a for a, _ in pairs), sum(b for _, b in pairs)
    return 1 - 2 * both / (drawn + true) if drawn + true else 0


def brute_adjusted(segments, truth):
    """By the four counts of pairs, another form of the same."""
    pairs = pairs_of_pixels(segments, truth)
    tp, fp = pairs.count((True, True)), pairs.count((True, False))
    fn, tn = pairs.count((False, True)), pairs.count((False, False))
    if fp == fn == 0:
        return 1
    return 2 * (tp * tn - fn * fp) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn))


def entropy(labels):
    return -sum(p * log2(p) for p in (np.mean(labels == v) for v in np.unique(labels)))


def brute_voi(segments, truth):
    both = entropy(segments * 1000 + truth)
    return 2 * both - entropy(segments) - entropy(truth)


def brute_gce(segments, truth):
    def error(one, other):
        return sum(
            ((one == one[p]) & (other != other[p])).sum() / (one == one[p]).sum()
            for p in np.ndindex(one.shape)
        )

    return min(error(segments, truth), error(truth, segments)) / segments.size


def brute_asa(segments, truth):
    insides = (truth[segments == s] for s in np.unique(segments))
    return sum(np.unique(i, return_counts=True)[1].max() for i in insides) / segments.size


def brute_undersegmentation(segments, truth):
    leaks = 0
    for region in np.unique(truth):
        for segment in np.unique(segments[truth == region]):
            inside = ((segments == segment) & (truth == region)).sum()
            leaks += min(inside, (segments == segment).sum() - inside)
    return leaks / segments.size


ORACLES = {
    rand_index: brute_rand,
    adjusted_rand_index: brute_adjusted,
    adapted_rand_error: brute_adapted,
    voi: brute_voi,
    global_consistency_error: brute_gce,
    achievable_segmentation_accuracy: brute_asa,
    undersegmentation_error: brute_undersegmentation,
}
SYMMETRIC = [
    rand_index,
    adjusted_rand_index,
    adapted_rand_error,
    voi,
    global_consistency_error,
]
PERFECT = {**dict.fromkeys(ORACLES, 0), rand_index: 1, adjusted_rand_index: 1}
PERFECT[achievable_segmentation_accuracy] = 1

metrics = pytest.mark.parametrize("metric", ORACLES, ids=lambda metric: metric.__name__)


@metrics
@given(PAIRS)
def test_metric_is_its_definition(metric, pair):
    found, expected = metric(contingency(*pair)), ORACLES[metric](*pair)
    assert found == pytest.approx(expected, abs=1e-9)


@metrics
@settings(max_examples=30)
@given(VOLUMES)
def test_volumes_are_no_different(metric, pair):
    assert metric(contingency(*pair)) == pytest.approx(ORACLES[metric](*pair.astype(int)), abs=1e-9)


@metrics
@given(PAIRS)
def test_bounds(metric, pair):
    value = metric(contingency(*pair))
    assert value >= (-1 if metric is adjusted_rand_index else 0)
    assert value <= (log2(pair[0].size) if metric is voi else 1) + 1e-9


@metrics
@given(PAIRS)
def test_names_of_labels_do_not_matter(metric, pair):
    segments, truth = pair
    assert metric(contingency(9 - segments, truth * 1000 - 7)) == pytest.approx(
        metric(contingency(segments, truth)), abs=1e-12
    )


@metrics
@given(PAIRS)
def test_nothing_is_better_than_the_truth(metric, pair):
    assert metric(contingency(pair[1], pair[1])) == pytest.approx(PERFECT[metric], abs=1e-12)


@pytest.mark.parametrize("metric", SYMMETRIC, ids=lambda metric: metric.__name__)
@given(PAIRS)
def test_symmetric(metric, pair):
    one, other = contingency(*pair), contingency(*pair[::-1])
    assert metric(one) == pytest.approx(metric(other), abs=1e-12)


@given(PAIRS)
def test_refinement(pair):
    segments, truth = pair
    finer = contingency(segments * 10 + truth, truth)
    assert global_consistency_error(finer) == pytest.approx(0, abs=1e-12)
    assert undersegmentation_error(finer) == 0
    assert achievable_segmentation_accuracy(finer) == 1
    assert variation_of_information(finer).under == pytest.approx(0, abs=1e-12)
    coarser = contingency(truth, segments * 10 + truth)
    assert variation_of_information(coarser).over == pytest.approx(0, abs=1e-12)


@given(PAIRS)
def test_skimage_agrees(pair):
    segments, truth = pair
    table = contingency(segments, truth)
    with np.errstate(all="ignore"):
        over, under = skimage_metrics.variation_of_information(truth, segments)
    found = variation_of_information(table)
    assert found == pytest.approx((over, under), abs=1e-9)
    if max(table.row_sizes.max(), table.column_sizes.max()) > 1:
        expected = _skimage_adapted(truth, segments)
        assert adapted_rand_error(table) == pytest.approx(expected, abs=1e-9)


def _skimage_adapted(truth, segments):
    return skimage_metrics.adapted_rand_error(truth, segments, ignore_labels=())[0]


@given(PAIRS)
def test_sklearn_agrees(pair):
    cluster = pytest.importorskip("sklearn.metrics.cluster")
    segments, truth = pair
    table = contingency(segments, truth)
    expected = cluster.adjusted_rand_score(truth.ravel(), segments.ravel())
    assert adjusted_rand_index(table) == pytest.approx(expected)
    expected = cluster.rand_score(truth.ravel(), segments.ravel())
    assert rand_index(table) == pytest.approx(expected)


def test_a_split_is_over_and_a_merge_under_segmentation():
    whole, halves = np.zeros((1, 8), int), np.array([[0] * 4 + [1] * 4])
    assert variation_of_information(contingency(halves, whole)) == pytest.approx((1, 0))
    assert variation_of_information(contingency(whole, halves)) == pytest.approx((0, 1))


def test_traps_that_the_documents_name():
    truth = np.array([[0, 0, 1, 1]])
    one, each = np.zeros_like(truth), np.arange(4)[None]
    assert global_consistency_error(contingency(one, truth)) == 0
    assert global_consistency_error(contingency(each, truth)) == 0
    assert adjusted_rand_index(contingency(one, truth)) == 0
    assert adjusted_rand_index(contingency(each, truth)) == 0
    assert rand_index(contingency(each, truth)) > rand_index(contingency(one, truth))
    assert achievable_segmentation_accuracy(contingency(each, truth)) == 1


def test_one_pixel():
    table = contingency([[3]], [[7]])
    assert all(metric(table) == PERFECT[metric] for metric in ORACLES)
    assert covering_of(table).value == 1


def test_pairs_of_large_volumes_are_counted():
    """Those of 3 * 2**32 pixels do not fit into 64 bits."""
    table = contingency([[0, 1, 1]], [[0, 0, 1]])
    names = ("counts", "row_sizes", "column_sizes")
    huge = table._replace(**{name: getattr(table, name) << 32 for name in names})
    n = 1 << 32
    separate = 2 * n * n  # of the pairs, those together in one partition only
    assert rand_index(huge) == pytest.approx(1 - separate / (3 * n * (3 * n - 1) // 2))
