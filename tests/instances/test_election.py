"""Of two accounts of the same objects the better shapes are taken."""

import numpy as np

from napari_selfseg.instances._dividing._election import elected

ONES = np.ones(2)


def discs(middles, radius=8, shape=(60, 120)):
    y, x = np.indices(shape)
    found = np.zeros(shape, np.int32)
    for number, (cy, cx) in enumerate(middles, 1):
        found[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] = number
    return found


SIZE = float(np.count_nonzero(discs([(30, 30)])))
WHOLE = discs([(30, 20), (30, 60), (30, 100)])


def halved(labels, number):
    """Cut an object in two along its middle row."""
    found = labels.copy()
    lower = (labels == number) & (np.indices(labels.shape)[0] > 30)
    found[lower] = labels.max() + 1
    return found


def same(one, other):
    pairs = np.unique(np.stack((one.ravel(), other.ravel())), axis=1)
    return len(pairs[0]) == len(np.unique(one)) == len(np.unique(other))


def test_a_whole_object_beats_its_halves_in_either_account():
    one, other = halved(WHOLE, 1), halved(WHOLE, 3)
    found = elected(one, other, SIZE, ONES)
    assert same(found, WHOLE)
    assert same(elected(other, one, SIZE, ONES), WHOLE)


def test_two_objects_beat_what_they_are_together():
    apart = discs([(30, 30), (30, 48), (30, 90)], 9)
    together = np.where(apart == 2, 1, apart)
    assert same(elected(together, apart, SIZE, ONES), apart)


def test_what_one_account_alone_has_is_kept_of_the_first_only():
    one, other = discs([(30, 20), (30, 60)]), discs([(30, 20), (30, 100)])
    assert same(elected(one, other, SIZE, ONES), one)
    nothing = np.zeros_like(one)
    assert not elected(nothing, other, SIZE, ONES).any()
    assert same(elected(one, nothing, SIZE, ONES), one)
    apart = discs([(30, 100)])
    assert same(elected(one, apart, SIZE, ONES), one), "accounts that share no pixel"


def test_neighbours_that_hardly_overlap_are_judged_apart():
    one = halved(discs([(30, 20), (30, 37)], 8), 1)
    other = discs([(30, 20), (30, 37)], 9)
    found = elected(one, other, SIZE, ONES)
    assert found.max() == 2
    assert found[30, 37] != found[28, 20] == found[33, 20]


def test_shapes_that_are_about_as_good_stay():
    one, other = discs([(30, 30)], 8), discs([(30, 31)], 8)
    assert same(elected(one, other, SIZE, ONES), one)


def test_the_usual_size_counts():
    small, large = discs([(30, 30)], 8), discs([(30, 30)], 20)
    assert elected(small, large, SIZE, ONES)[30, 45] == 0
    assert elected(large, small, SIZE, ONES)[30, 45] == 0
