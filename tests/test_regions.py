"""Scatter operations against the loops they replace."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_selfseg.regions import (
    BLOCK,
    adjacency,
    areas,
    centroids,
    exact,
    mean,
    present,
    project,
    totals,
    vote,
)

Q = 4
relaxed = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])


def drawn(*rows):
    """Read a plane of digits; a dot is 0."""
    return torch.tensor([[0 if cell == "." else int(cell) for cell in row] for row in rows])


REGIONS = drawn(
    "1122",
    "1132",
    "..33",
)


@st.composite
def pictures(draw, ndims=(2, 3)):
    """Regions 0 to n, classes 0 to Q - 1, n and a spacing; some regions may have no pixel."""
    shape = draw(npst.array_shapes(min_dims=min(ndims), max_dims=max(ndims), max_side=5))
    n = draw(st.integers(1, 5))
    regions = draw(npst.arrays(np.int64, shape, elements=st.integers(0, n)))
    classes = draw(npst.arrays(np.int64, shape, elements=st.integers(0, Q - 1)))
    spacing = draw(st.tuples(*[st.sampled_from([0.25, 1.0, 3.0])] * len(shape)))
    return torch.from_numpy(regions), torch.from_numpy(classes), n, spacing


def voted_by_a_loop(classes, regions, n):
    """As the public code of Backprop does it; bincount's argmax is the first of the largest."""
    found = [0]
    for k in range(1, n + 1):
        inside = classes[regions == k].numpy()
        found.append(int(np.bincount(inside, minlength=Q).argmax()) + 1)
    return torch.tensor(found)


def borders_by_a_loop(regions, spacing):
    border = {}
    for place in np.ndindex(*regions.shape):
        for axis in range(regions.ndim):
            there = tuple(p + (d == axis) for d, p in enumerate(place))
            if there[axis] == regions.shape[axis]:
                continue
            pair = tuple(sorted((int(regions[place]), int(regions[there]))))
            if 0 < pair[0] < pair[1]:
                face = np.prod(np.delete(spacing, axis))
                border[pair] = border.get(pair, 0.0) + face
    return dict(sorted(border.items()))


def as_dict(found):
    return {tuple(edge): size for edge, size in zip(*map(torch.Tensor.tolist, found), strict=True)}


def test_vote_on_a_drawing():
    classes = drawn(
        "1123",
        "1031",
        "1121",
    )
    assert vote(classes, REGIONS, 3, Q).tolist() == [0, 2, 2, 2]


def test_vote_tie_goes_to_the_smallest_label():
    assert vote(drawn("3113", "0220"), drawn("1111", "2222"), 2, Q).tolist() == [0, 2, 1]


@relaxed
@given(pictures())
def test_vote_is_the_loops_to_the_bit(picture):
    regions, classes, n, _ = picture
    torch.testing.assert_close(
        vote(classes, regions, n, Q), voted_by_a_loop(classes, regions, n), rtol=0, atol=0
    )


@relaxed
@given(pictures())
def test_vote_with_many_possible_labels_is_the_same(picture):
    regions, classes, n, _ = picture
    few, many = vote(classes, regions, n, Q), vote(classes, regions, n, 30_000)
    assert torch.equal(few, many)


@given(pictures())
@relaxed
def test_areas(picture):
    regions, _, n, _ = picture
    assert areas(regions, n).tolist() == np.bincount(regions.flatten(), minlength=n + 1).tolist()


@relaxed
@given(pictures(), st.integers(1, 3), st.integers(0, 99))
def test_mean_is_the_loops(picture, channels, seed):
    regions, _, n, _ = picture
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(1, channels, *regions.shape, generator=generator, dtype=torch.float64)
    found = mean(features, regions[None], n)
    for k in range(n + 1):
        inside = features[0][:, regions == k]
        expected = inside.mean(dim=1) if inside.numel() else torch.zeros(channels)
        torch.testing.assert_close(found[k], expected.double())


def test_mean_over_a_batch_of_images():
    features = torch.tensor([[[[1.0, 2.0]]], [[[4.0, 8.0]]]])
    index = torch.tensor([[[1, 2]], [[2, 2]]])
    torch.testing.assert_close(mean(features, index, 2), torch.tensor([[0.0], [1.0], [14 / 3]]))


def test_mean_passes_gradients_on():
    features = torch.rand(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda f: mean(f, REGIONS[None], 3), features)


@relaxed
@given(pictures())
def test_centroids_are_the_loops(picture):
    regions, _, n, spacing = picture
    found = centroids(regions, n, spacing)
    for k in range(n + 1):
        places = np.argwhere(regions.numpy() == k)
        expected = places.mean(axis=0) * spacing if len(places) else np.zeros(regions.ndim)
        np.testing.assert_allclose(found[k], expected)


def test_centroids_on_a_drawing():
    found = centroids(REGIONS, 3, (1, 10))[1:]
    np.testing.assert_allclose(found, [[0.5, 5], [1 / 3, 80 / 3], [5 / 3, 70 / 3]])


def test_adjacency_on_a_drawing():
    assert as_dict(adjacency(REGIONS, 3, (1, 1))) == {(1, 2): 1, (1, 3): 1, (2, 3): 3}


def test_border_is_long_across_the_coarse_axis():
    # A border between rows runs along the columns, so it is as long as a column is wide.
    found = as_dict(adjacency(REGIONS, 3, (5, 2)))
    assert found == {(1, 2): 5, (1, 3): 5, (2, 3): 5 + 2 + 2}


def test_border_of_a_volume_is_an_area():
    volume = torch.tensor([[[1, 2]], [[3, 3]]])
    assert as_dict(adjacency(volume, 3, (2, 3, 5))) == {(1, 2): 6, (1, 3): 15, (2, 3): 15}


@relaxed
@given(pictures())
def test_adjacency_is_the_loops(picture):
    regions, _, n, spacing = picture
    found = adjacency(regions, n, spacing)
    expected = borders_by_a_loop(regions.numpy(), spacing)
    assert [tuple(edge) for edge in found.edges.tolist()] == list(expected)
    np.testing.assert_allclose(found.border, list(expected.values()))


@pytest.mark.parametrize("regions", [drawn("111"), drawn("1.2"), drawn("1"), drawn("...")])
def test_regions_without_neighbours(regions):
    found = adjacency(regions, 2, (1, 1))
    assert found.edges.shape == (0, 2)
    assert found.border.shape == (0,)


@relaxed
@given(pictures())
def test_projection_writes_each_regions_value(picture):
    regions, _, n, _ = picture
    values = torch.arange(2 * (n + 1)).view(n + 1, 2)
    found = project(values, regions)
    assert found.shape == (*regions.shape, 2)
    for place in np.ndindex(*regions.shape):
        assert found[place].tolist() == values[regions[place]].tolist()


def test_a_class_is_present_where_some_pixel_with_data_has_it():
    c = torch.tensor([[[0, 3, -1], [3, 1, 1]]])
    assert present(c, 5).tolist() == [True, True, False, True, False]
    valid = torch.tensor([[[[1, 1, 1], [1, 0, 0]]]], dtype=torch.bool)
    assert present(c, 5, valid).tolist() == [True, False, False, True, False]


@pytest.fixture
def several_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("several_threads")
def test_gradients_of_a_projection_are_the_same_again():
    """Floats added in another order make another sum, and other labels in the end."""
    generator = torch.Generator().manual_seed(0)
    index = torch.randint(0, 40, (300, 300), generator=generator)
    weights = torch.randn(300, 300, 3, generator=generator)
    found = set()
    for _ in range(8):
        values = torch.zeros(40, 3, requires_grad=True)
        (project(values, index) * weights).sum().backward()
        found.add(values.grad.numpy().tobytes())
    assert len(found) == 1
    torch.testing.assert_close(values.grad[7], weights[index == 7].sum(0), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_mean_of_a_large_region_does_not_drift(dtype):
    side = 2000
    index = torch.ones(1, side, side, dtype=torch.int64)
    grey = torch.full((1, 1, 1, 1), 0.7, dtype=dtype)
    found = mean(grey.expand(1, 1, side, side), index, 1)
    assert found.dtype == dtype
    assert found[1].item() == grey.item()


def test_sums_of_many_pixels_are_those_of_float64():
    rows = torch.rand(3 * BLOCK + 5, 2, generator=torch.Generator().manual_seed(0))
    index = torch.arange(len(rows)) % 7
    expected = torch.stack([rows[index == k].double().sum(0) for k in range(9)])
    torch.testing.assert_close(totals(rows, index, 8), expected, rtol=1e-12, atol=0)


def test_what_mps_cannot_hold_is_computed_on_the_cpu():
    """No such device here: what is asked of a tensor is its type."""

    class Elsewhere:
        device = torch.device("mps")

        def cpu(self):
            return "on the CPU"

    assert exact(Elsewhere()) == "on the CPU"
    here = torch.ones(2)
    assert exact(here) is here
