"""The history keeps its ends, its budget and an even spread."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_selfseg.protocol._results._history import History

relaxed = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
SIZE = 8


def kept(n, budget):
    history = History(budget)
    for t in range(n):
        history.add(t, torch.full((SIZE,), t % 256, dtype=torch.uint8))
    return history


def test_everything_is_kept_within_the_budget():
    assert kept(10, 10 * SIZE).iterations == tuple(range(10))


def test_one_more_than_the_budget_drops_every_second():
    assert kept(11, 10 * SIZE).iterations == (0, 2, 4, 6, 8, 10)
    assert kept(12, 10 * SIZE).iterations == (0, 2, 4, 6, 8, 10, 11)
    assert kept(13, 10 * SIZE).iterations == (0, 2, 4, 6, 8, 10, 12)


@relaxed
@given(st.integers(1, 200), st.integers(0, 40 * SIZE))
def test_ends_budget_and_spread(n, budget):
    history = kept(n, budget)
    found = history.iterations
    assert found[0] == 0
    assert found[-1] == n - 1
    assert len(found) == len(set(found))
    assert len(found) * SIZE <= max(budget, 2 * SIZE)
    gaps = [later - earlier for earlier, later in pairwise(found)]
    assert len(set(gaps[:-1])) <= 1
    assert not gaps[:-1] or gaps[-1] <= gaps[0]


@relaxed
@given(st.integers(2, 200), st.integers(3, 40))
def test_not_more_is_dropped_than_needed(n, maps):
    assert len(kept(n, maps * SIZE).iterations) > min(n, maps) // 2


def test_each_iteration_keeps_its_own_map():
    history = kept(100, 10 * SIZE)
    for t in history.iterations:
        assert (history.find(t)[1] == t).all()


def test_a_dropped_iteration_is_gone():
    with pytest.raises(ValueError, match=r"Iteration 3 was not kept; the nearest one is [24]"):
        kept(11, 10 * SIZE).find(3)
    with pytest.raises(ValueError, match="no labels yet"):
        kept(0, 10 * SIZE).find(None)


def test_nothing_in_particular_is_the_last():
    found, votes = kept(12, 10 * SIZE).find(None)
    assert found == 11
    assert (votes == 11).all()


def test_the_same_number_replaces():
    history = kept(3, 10 * SIZE)
    history.add(2, torch.zeros(SIZE, dtype=torch.uint8))
    assert history.iterations == (0, 1, 2)
    assert not history.find(2)[1].any()


def test_the_first_alone_may_outgrow_the_budget():
    assert kept(1, 0).iterations == (0,)
    assert kept(2, 0).iterations == (0, 1)
    assert kept(3, 0).iterations == (0, 2)


def test_wider_types_cost_more():
    history = History(8 * SIZE)
    for t in range(6):
        history.add(t, torch.zeros(SIZE, dtype=torch.int16))
    assert history.iterations == (0, 2, 4, 5)


def test_moving_to_the_host_keeps_all():
    history = kept(11, 10 * SIZE)
    before = {t: history.find(t)[1].clone() for t in history.iterations}
    history.to_host()
    assert all(torch.equal(history.find(t)[1], votes) for t, votes in before.items())
    assert history.iterations == tuple(before)


def test_maps_of_a_lost_device_are_dropped():
    """A tensor on the meta device has no data, and reading it fails as on a lost device."""
    history = History(10**6)
    for t, device in enumerate(("cpu", "meta", "cpu")):
        history.add(t, torch.full((4,), t, dtype=torch.uint8, device=device))
    history.to_host()
    assert history.iterations == (0, 2)
    assert history.find(None)[1].tolist() == [2] * 4


def test_when_all_maps_are_lost_it_says_so():
    history = History(10**6)
    history.add(0, torch.zeros(4, device="meta"))
    history.to_host()
    assert history.iterations == ()
    with pytest.raises(ValueError, match="were lost with the device: run it again"):
        history.find(None)
