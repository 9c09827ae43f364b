"""Votes summed over tiles are the vote of the whole."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_selfseg.scale._tiles._voting import counted, winners

SMALL = arrays(np.uint8, (6, 8), elements=st.integers(0, 3))


@given(SMALL, SMALL)
def test_halves_together_are_the_whole(superpixels, classes):
    halves = [counted(superpixels[:, s], classes[:, s]) for s in (slice(0, 3), slice(3, 8))]
    names, won = winners(halves)
    for name in np.unique(superpixels[superpixels > 0]):
        votes = np.bincount(classes[superpixels == name], minlength=4)
        votes[0] = 0
        if votes.any():
            assert won[names == name] == votes.argmax()
        else:
            assert name not in names


def test_nobody_votes():
    names, won = winners([])
    assert len(names) == len(won) == 0
