"""Objects that several tiles have found are kept once and whole, in whatever order tiles are."""

import numpy as np
import pytest

from napari_selfseg.grid import Grid
from napari_selfseg.scale._tiles._seams import candidates, kept, meeting, painted

# Two tiles of 4 columns, each of which looks 2 further.
GRID = Grid((4, 8), (4, 4), (0, 2))


def drawn(text):
    """Return what is drawn: digits are objects, dots are background."""
    rows = text.split()
    return np.array([[0 if each == "." else int(each) for each in row] for row in rows], np.int32)


def joined(*drawings, grid=GRID):
    """Return the labels of an image of which each tile has found what is drawn."""
    tiles = range(len(grid))
    kinds = [
        candidates(each, grid.outer(n), grid.inner(n), grid.shape)
        for n, each in enumerate(drawings)
    ]
    labels, found = zip(*kinds, strict=True)

    def seen(n, box):
        return tuple(
            slice(b.start - o.start, b.stop - o.start)
            for b, o in zip(box, grid.outer(n), strict=True)
        )

    def common(one, other):
        return tuple(
            slice(max(a.start, b.start), min(a.stop, b.stop))
            for a, b in zip(one, other, strict=True)
        )

    pairs = []
    for a in tiles:
        for b in range(a + 1, len(grid)):
            box = common(grid.outer(a), grid.outer(b))
            if all(each.start < each.stop for each in box):
                pairs.append((a, b, meeting(labels[a][seen(a, box)], labels[b][seen(b, box)])))
    what = kept(found, pairs)
    whole = np.zeros(grid.shape, np.int64)
    for n in tiles:
        inner = grid.inner(n)
        layers = []
        for other in tiles:
            box = common(grid.outer(other), inner)
            if all(each.start < each.stop for each in box):
                part = tuple(
                    slice(b.start - i.start, b.stop - i.start)
                    for b, i in zip(box, inner, strict=True)
                )
                layers.append((part, labels[other][seen(other, box)], what[other]))
        whole[inner] = painted([each.stop - each.start for each in inner], layers)
    return whole


def test_what_two_tiles_found_alike_is_there_once():
    one = drawn("1..... 1..22. ...22. 33....")
    other = drawn("...... .11..4 .11..4 ......")
    expected = drawn("1....... 1..22..4 ...22..4 33......")
    found = joined(one, other)
    assert ((found > 0) == (expected > 0)).all()
    pairs = np.unique(np.stack([found.ravel(), expected.ravel()]), axis=1)
    assert pairs.shape[1] == 5, "one to one"
    assert sorted(np.unique(found)) == [0, 1, 2, 3, 4]


def test_where_tiles_disagree_the_larger_is_whole_and_what_it_claims_is_no_other():
    """To the left it is one object across the seam, to the right it is two."""
    one = drawn("...... .1111. .1111. ......")
    other = drawn("...... 1222.. 1222.. ......")
    found = joined(one, other)
    assert (found == drawn("........ .1111... .1111... ........")).all()


def test_what_only_the_tile_next_to_it_finds_is_kept():
    """Its centre lies in the left tile, which does not see it."""
    found = joined(drawn("...... " * 4), drawn(".111.. .111.. .1.... .1...."))
    assert (found == drawn("...111.. ...111.. ...1.... ...1....")).all()


def test_what_lies_in_the_other_tile_alone_is_left_to_it():
    found = joined(drawn("....11 ....11 ...... ......"), drawn("...... " * 4))
    assert not found.any()


def test_a_pixel_that_two_claim_belongs_to_the_larger_object():
    one = drawn("1111.. 1111.. ...... ......")
    other = drawn(".222.. ...... ...... ......")
    assert (joined(one, other) == drawn("111122.. 1111.... ........ ........")).all()


def test_an_object_larger_than_halos_is_joined_from_its_pieces():
    one, other = drawn("111111 " * 2 + "...... " * 2), drawn("111111 " * 2 + "...... " * 2)
    found = joined(one, other)
    assert (found == drawn("11111111 11111111 ........ ........")).all()


def test_a_whole_object_comes_before_the_larger_piece_of_one():
    one = drawn("...... .11111 .11111 ......")
    other = drawn("...... ..1... ..1... ......")
    found = joined(one, other)
    assert found[1, 4] == found[2, 4] != found[1, 2] > 0


def test_the_order_of_the_tiles_decides_no_more_than_numbers():
    rng = np.random.default_rng(0)
    one, other = (rng.integers(0, 4, (4, 6)).astype(np.int32) for _ in range(2))
    found = joined(one, other)
    # The same image from right to left: the tiles change places.
    back = joined(other[:, ::-1], one[:, ::-1])[:, ::-1]
    pairs = np.unique(np.stack([found.ravel(), back.ravel()]), axis=1)
    assert pairs.shape[1] == len(np.unique(found)) == len(np.unique(back)) > 3


@pytest.mark.parametrize("labels", ["...... " * 4, "1..... " * 4])
def test_an_empty_tile_beside_another(labels):
    found = joined(drawn(labels), drawn("...... " * 4))
    assert found.max() == ("1" in labels)
