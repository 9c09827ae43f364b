"""Several scales from edges weighed once are those of the paper's loop, edge by edge."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_selfseg import samples
from napari_selfseg.superpixels import Felzenszwalb
from napari_selfseg.superpixels._felzenszwalb._edge_buckets import edge_buckets
from napari_selfseg.superpixels._felzenszwalb._felzenszwalb import felzenszwalb_at

SCALES = ((50.0, 50), (200.0, 1), (800.0, 400))


def expected(image, mask, scale, min_size, sigma=0.8, spacing=None):
    """The paper's algorithm as it is written: all edges sorted, one after the other."""
    steps = np.ones(mask.ndim) if spacing is None else np.asarray(spacing) / np.min(spacing)
    nearest = ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True)
    smooth = ndimage.gaussian_filter(
        image[tuple(nearest)].astype(np.float64), [*(sigma / steps), 0], mode="reflect"
    )
    edges = sorted_edges(smooth, mask)
    parent = list(range(mask.size))
    size, limit = [1] * mask.size, [scale / 255] * mask.size

    def root(a):
        while parent[a] != a:
            a = parent[a]
        return a

    def join(a, b, weight):
        parent[b] = a
        size[a] += size[b]
        limit[a] = weight + scale / 255 / size[a]

    for weight, _, one, other in edges:
        a, b = root(one), root(other)
        if a != b and weight < min(limit[a], limit[b]):
            join(a, b, weight)
    for weight, _, one, other in edges:
        a, b = root(one), root(other)
        if a != b and min(size[a], size[b]) < min_size:
            join(a, b, weight)
    roots = np.array([root(a) + 1 for a in range(mask.size)]).reshape(mask.shape)
    return numbered(np.where(mask, roots, 0))


def sorted_edges(smooth, mask):
    steps = [step for step in product((-1, 0, 1), repeat=mask.ndim) if step > (0,) * mask.ndim]
    if mask.ndim == 3:
        steps = [step for step in steps if sum(map(abs, step)) == 1]
    number = np.arange(mask.size).reshape(mask.shape)
    edges = []
    for (k, step), here in product(enumerate(steps), np.argwhere(mask)):
        there = here + step
        inside = (there >= 0).all() and (there < mask.shape).all() and mask[tuple(there)]
        if inside:
            one, other = tuple(here), tuple(there)
            # Summed in turn: another order of many channels is another last digit.
            gap = float(np.sqrt(sum((smooth[one] - smooth[other]) ** 2)))
            edges.append((gap, k, int(number[one]), int(number[other])))
    return sorted(edges)


def numbered(labels):
    """Numbers in the order in which the labels are first met."""
    found, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.zeros(len(found), int)
    seen = np.flatnonzero(found)
    rank[seen[np.argsort(first[seen])]] = np.arange(1, len(seen) + 1)
    return rank[inverse].reshape(labels.shape)


@st.composite
def cases(draw):
    ndim = draw(st.sampled_from([2, 3]))
    shape = draw(st.tuples(*[st.integers(1, 12 if ndim == 2 else 5)] * ndim))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    image = rng.random((*shape, draw(st.integers(1, 5))))
    # With few values most edges weigh the same, and their order counts.
    image = np.round(image * 2) / 2 if draw(st.booleans()) else image
    mask = rng.random(shape) < draw(st.sampled_from([0.3, 0.8, 1.0]))
    mask.flat[0] = True
    return image.astype(np.float32), mask, tuple(rng.choice([1.0, 2.5], ndim))


@settings(max_examples=60, deadline=None)
@given(cases(), st.sampled_from([0.0, 0.8]))
def test_every_scale_is_that_of_the_paper(case, sigma):
    image, mask, spacing = case
    mask[tuple(np.array(mask.shape) - 1)] = True  # the box is the whole image
    scales = ((1.0, 1), (60.0, 3), (400.0, 9))
    found = felzenszwalb_at(image, mask, scales, sigma=sigma, spacing=spacing)
    for (scale, min_size), labels in zip(scales, found, strict=True):
        assert labels.dtype == np.int32
        np.testing.assert_array_equal(
            labels, expected(image, mask, scale, min_size, sigma, spacing)
        )


@pytest.mark.parametrize("name", ["fluorescence_nuclei", "histology", "blobs_3d"])
def test_real_images(name):
    data = samples.load(name).astype(np.float32) / 255
    data = data[:14, 30:44, 30:44, None] if name == "blobs_3d" else data[:48, :48]
    data = np.atleast_3d(data)
    mask = data[..., 0] > np.quantile(data, 0.1)
    mask.flat[[0, -1]] = True
    for (scale, min_size), labels in zip(SCALES, felzenszwalb_at(data, mask, SCALES), strict=True):
        assert labels.max() > 1 or scale > 50
        np.testing.assert_array_equal(labels, expected(data, mask, scale, min_size))
        one = Felzenszwalb(scale=scale, min_size=min_size)(data, mask=mask)
        np.testing.assert_array_equal(numbered(one), labels)


def test_labels_lie_in_the_box_of_the_mask():
    rng = np.random.default_rng(0)
    image, mask = rng.random((12, 9, 2)), np.zeros((12, 9), bool)
    mask[3:8, 2:7] = True
    ((whole), (part)) = (
        next(felzenszwalb_at(each, inside, [(20.0, 2)]))
        for each, inside in ((image, mask), (image[3:8, 2:7], None))
    )
    np.testing.assert_array_equal(whole[3:8, 2:7], part)
    assert part.max() > 1
    assert np.count_nonzero(whole) == np.count_nonzero(mask) == 25


def test_buckets_hold_every_edge_in_the_order_of_weights():
    smooth = np.random.default_rng(1).random((130, 140, 2)) ** 3
    graph = edge_buckets(smooth, np.ones((130, 140), bool))
    assert len(graph.edges) == len(np.unique(graph.edges)) == 2 * 129 * 139 + 129 * 140 + 130 * 139
    assert len(graph.lows) > 4
    bounds = np.append(graph.lows, np.inf)
    for low, high, start, end in zip(
        bounds, bounds[1:], graph.starts, graph.starts[1:], strict=False
    ):
        assert (graph.weights[start:end] >= low).all()
        assert (graph.weights[start:end] < high).all()
        assert (np.diff(graph.edges[start:end]) > 0).all()
