"""Doubtful objects come first."""

from __future__ import annotations

import numpy as np
from skimage.draw import disk

from napari_selfseg.editing import Certainty


def labels_of(*discs):
    labels = np.zeros((90, 90), np.uint16)
    for number, centre, radius in discs:
        labels[disk(centre, radius)] = number
    return labels


ROUND = ((3, (15, 15), 9), (5, (15, 45), 9), (7, (15, 75), 9))


def test_two_that_are_one_and_one_that_is_small_come_before_round_ones():
    labels = labels_of(*ROUND, (9, (45, 20), 9), (9, (45, 37), 9), (11, (70, 70), 3))
    found = Certainty(labels).values()
    assert set(list(found)[:2]) == {9, 11}
    assert all(0.9 < found[number] <= 1 for number, *_ in ROUND)
    assert list(found.values()) == sorted(found.values())


def test_only_what_was_changed_is_looked_at_again():
    labels = labels_of(*ROUND)
    certainty = Certainty(labels)
    assert certainty.values()[5] > 0.9
    labels[labels == 5] = 0
    labels[disk((70, 20), 9)] = labels[disk((70, 37), 9)] = 12
    certainty.update(labels, (5, 12))
    found = certainty.values()
    assert found == Certainty(labels).values()
    assert next(iter(found)) == 12


def test_without_objects_there_is_none():
    assert Certainty(np.zeros((5, 5), np.uint8)).values() == {}
