"""What became of each object, by count and by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_selfseg.metrics import (
    FOUND,
    MERGED,
    MISSED,
    SPLIT,
    WRONG,
    contingency,
    object_kinds,
    objects,
)

PAIRS = arrays(np.int64, (2, 3, 6), elements=st.integers(0, 4)).filter(
    lambda pair: (pair == 0).any(axis=(1, 2)).all()
)
LETTERS = {0: ".", FOUND: "f", MISSED: "-", WRONG: "+", SPLIT: "s", MERGED: "m"}


def drawn(labels, truth, **settings):
    """Kinds of the pixels of a row as letters."""
    one, other = ([[int(each) for each in text.replace(".", "0")]] for text in (labels, truth))
    return "".join(LETTERS[kind] for kind in object_kinds(one, other, **settings).where[0])


@pytest.mark.parametrize(
    ("labels", "truth", "kinds"),
    [
        (".444.", ".111.", ".fff."),
        (".4444.", "..111.", ".ffff."),
        ("......", ".111..", ".---.."),
        (".444..", "......", ".+++.."),
        # Too far off to be found: missed where it is, wrong where it is not.
        (".444...", "...111.", ".++---."),
        (".44455.", ".11111.", ".fffss."),
        (".44556.", ".11111.", ".sssss."),
        (".44444.", ".11122.", ".fffmm."),
        (".444444.", ".112233.", ".mmmmmm."),
        # Merged and split at once.
        (".4444455", ".1122222", ".mmmmmmm"),
    ],
)
def test_by_hand(labels, truth, kinds):
    assert drawn(labels, truth) == kinds


def brute_force(labels, truth):
    """Kinds of the objects by the words of the docstring, with sets of pixels."""
    sides = [
        {v: set(zip(*np.nonzero(each == v), strict=True)) for v in np.unique(each) if v}
        for each in (labels, truth)
    ]
    one, other = sides
    shared = {(i, j): len(one[i] & other[j]) for i in one for j in other}
    found = {(i, j) for i, j in shared if 2 * shared[i, j] > len(one[i] | other[j])}
    held = {i: [j for j in other if 2 * shared[i, j] > len(other[j])] for i in one}
    pieces = {j: [i for i in one if 2 * shared[i, j] > len(one[i])] for j in other}
    merged = {(i, j) for i in one for j in held[i] if len(held[i]) > 1}
    split = {(i, j) for j in other for i in pieces[j] if len(pieces[j]) > 1}

    def kind(label, side, rest):
        for name, pairs in ((FOUND, found), (MERGED, merged), (SPLIT, split)):
            if label in {pair[side] for pair in pairs}:
                return name
        return rest

    return {i: kind(i, 0, WRONG) for i in one}, {j: kind(j, 1, MISSED) for j in other}


@given(PAIRS)
def test_it_is_the_definition(pair):
    labels, truth = pair
    one, other = brute_force(labels, truth)
    found = object_kinds(labels, truth)
    for counts, kinds in ((found.segments, one), (found.regions, other)):
        assert {k: n for k, n in counts.items() if n} == {
            k: list(kinds.values()).count(k) for k in set(kinds.values())
        }
    order = [0, FOUND, WRONG, MISSED, SPLIT, MERGED]
    for at, kind in np.ndenumerate(found.where):
        kinds = one.get(labels[at], 0), other.get(truth[at], 0)
        assert kind == max(kinds, key=order.index)


@given(PAIRS)
def test_what_is_found_is_what_the_figures_count(pair):
    labels, truth = pair
    found, counted = object_kinds(labels, truth), objects(contingency(labels, truth))
    assert found.segments[FOUND] == found.regions[FOUND] == counted.hits(0.5)
    assert sum(found.segments.values()) == len(counted.best)
    assert sum(found.regions.values()) == counted.n_regions
    assert found.segments[MISSED] == found.regions[WRONG] == 0


def test_ignored_pixels_and_other_backgrounds():
    assert drawn(".444.55", ".111.99", ignore=[9]) == ".fff..."
    assert drawn("7444755", "7111777", background=[7]) == ".fff.++"
    volume = np.kron([[0, 1], [2, 0]], np.ones((2, 2), int))[None]
    assert object_kinds(volume, volume).where.shape == volume.shape


def test_segments_without_a_background_are_refused():
    with pytest.raises(ValueError, match="the labels have none"):
        object_kinds([[1, 1, 2]], [[0, 0, 2]])
