from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.morphology import thin

from napari_selfseg.io import read_bsds
from napari_selfseg.metrics import (
    BoundaryMatch,
    boundary_displacement_error,
    boundary_map,
    boundary_match,
)

LABELS = st.integers(0, 2)
PLANES = arrays(np.int64, (3, 5, 6), elements=LABELS)
VOLUMES = arrays(np.int64, (2, 3, 3, 4), elements=LABELS)
SIDES = np.array([[1, 1, 1, 1, 2, 2, 2, 2]] * 6)


def differs(labels, p, q, ignored):
    return labels[p] != labels[q] and not {labels[p], labels[q]} & set(ignored)


def brute_line(labels, ignored=()):
    """Pixels that differ from a next one in any direction that does not go back."""
    found = np.zeros(labels.shape, bool)
    for p in np.ndindex(labels.shape):
        for step in np.ndindex((2,) * labels.ndim):
            q = tuple(np.add(p, step))
            if all(np.less(q, labels.shape)) and differs(labels, p, q, ignored):
                found[p] = True
    return thin(found) if labels.ndim == 2 else found


def brute_border(labels, ignored=()):
    """Pixels with a face to another segment; the frame where there is none."""
    found = np.zeros(labels.shape, bool)
    for p in np.ndindex(labels.shape):
        for axis in range(labels.ndim):
            for sign in (-1, 1):
                q = tuple(c + sign * (k == axis) for k, c in enumerate(p))
                inside = all(0 <= c < n for c, n in zip(q, labels.shape, strict=True))
                if inside and differs(labels, p, q, ignored):
                    found[p] = True
    if found.any():
        return found
    frame = np.ones(labels.shape, bool)
    frame[(slice(1, -1),) * labels.ndim] = False
    return frame


def brute_distances(points, targets, spacing=1):
    goals = np.argwhere(targets) * spacing
    return [
        np.linalg.norm(goals - p, axis=1).min() if len(goals) else np.inf
        for p in np.argwhere(points) * spacing
    ]


def brute_bde(segments, truth, spacing=1):
    a, b = brute_border(segments), brute_border(truth)
    there, back = brute_distances(a, b, spacing), brute_distances(b, a, spacing)
    return (np.mean(there) + np.mean(back)) / 2


def brute_match(segments, truths, within, spacing=1):
    drawn, true = brute_line(segments), [brute_line(truth) for truth in truths]
    right = brute_distances(drawn, np.logical_or.reduce(true), spacing)
    found = [d for each in true for d in brute_distances(each, drawn, spacing)]
    counts = sum(d <= within for d in right), len(right), sum(d <= within for d in found)
    return BoundaryMatch(*map(int, counts), len(found))


@given(PLANES)
def test_lines_are_the_definition(planes):
    np.testing.assert_array_equal(boundary_map(planes[0]), brute_line(planes[0]))


@settings(max_examples=40)
@given(PLANES, st.sampled_from([0.0, 0.15, 0.3]))
def test_matches_are_the_definition(planes, tolerance):
    within = tolerance * np.hypot(5, 6)
    found = boundary_match(planes[0], planes[1:], tolerance=tolerance)
    assert found == brute_match(planes[0], planes[1:], within)


@settings(max_examples=25)
@given(VOLUMES)
def test_volumes_with_their_spacing(volumes):
    spacing = np.array([2.5, 1, 0.5])
    found = boundary_match(*volumes[:1], volumes[1:], tolerance=0.2, spacing=spacing)
    within = 0.2 * np.linalg.norm(spacing * [3, 3, 4])
    assert found == brute_match(volumes[0], volumes[1:], within, spacing)
    (error,) = boundary_displacement_error(volumes[0], volumes[1:], spacing=spacing)
    assert error == pytest.approx(brute_bde(*volumes, spacing))


@settings(max_examples=40)
@given(PLANES)
def test_displacement_is_the_definition(planes):
    found = boundary_displacement_error(planes[0], planes[1:])
    assert found == pytest.approx([brute_bde(planes[0], truth) for truth in planes[1:]])


@given(PLANES)
def test_symmetry_names_and_bounds(planes):
    one, other, _ = planes
    assert boundary_displacement_error(one, [other]) == pytest.approx(
        boundary_displacement_error(5 - other, [one * 7])
    )
    match, back = boundary_match(one, [other]), boundary_match(5 - other, [one * 7])
    assert (match.precision, match.recall) == (back.recall, back.precision)
    assert 0 <= match.f_score <= 1
    assert boundary_displacement_error(one, [one]) == [0]
    assert boundary_match(one, [one]).f_score == 1


@given(PLANES)
def test_more_tolerance_never_finds_less(planes):
    found = [boundary_match(planes[0], planes[1:], tolerance=t) for t in (0, 0.1, 0.2, 2)]
    assert [m.right for m in found] == sorted(m.right for m in found)
    assert [m.found for m in found] == sorted(m.found for m in found)


@settings(max_examples=40)
@given(PLANES)
def test_borders_of_ignored_pixels_do_not_count(planes):
    segments, truth, _ = planes
    segments[truth == 2] = 0
    line, border = brute_line(truth, [2]), brute_border(truth, [2])
    assert boundary_match(segments, [truth], ignore=[2]).annotated == line.sum()
    drawn = brute_border(np.where(truth == 2, 9, segments), [9])
    there, back = brute_distances(drawn, border), brute_distances(border, drawn)
    (error,) = boundary_displacement_error(segments, [truth], ignore=[2])
    assert error == pytest.approx((np.mean(there) + np.mean(back)) / 2)


def test_a_border_moved_by_two_pixels():
    moved = np.ones_like(SIDES) * (np.arange(8) >= 6)
    diagonal = np.hypot(6, 8)
    assert boundary_match(SIDES, [moved], tolerance=2 / diagonal).f_score == 1
    assert boundary_match(SIDES, [moved], tolerance=1.9 / diagonal).f_score == 0
    assert boundary_displacement_error(SIDES, [moved]) == [1.5]


def test_precision_needs_any_annotator_and_recall_all():
    whole = np.ones_like(SIDES)
    aside = np.ones_like(SIDES) * (np.arange(8) >= 7)
    found = boundary_match(SIDES, [SIDES, aside])
    assert (found.precision, found.recall) == (1, 0.5)
    found = boundary_match(SIDES, [whole, SIDES])
    assert (found.precision, found.recall) == (1, 1)


def test_nothing_drawn_and_nothing_to_find():
    whole = np.ones_like(SIDES)
    none, missed, wrong = (boundary_match(*pair) for pair in _pairs(whole))
    assert (none.precision, none.recall, none.f_score) == (1, 1, 1)
    assert (missed.precision, missed.recall, missed.f_score) == (1, 0, 0)
    assert (wrong.precision, wrong.recall, wrong.f_score) == (0, 1, 0)


def _pairs(whole):
    return (whole, [whole]), (whole, [SIDES]), (SIDES, [whole])


def test_images_are_summed_before_dividing():
    parts = [BoundaryMatch(1, 2, 3, 4), BoundaryMatch(9, 10, 0, 4)]
    summed = BoundaryMatch.summed(parts)
    assert (summed.precision, summed.recall) == pytest.approx((10 / 12, 3 / 8))


def test_shapes_must_agree():
    for measure in (boundary_match, boundary_displacement_error):
        with pytest.raises(ValueError, match=r"shape \(6, 8\) and the truth \(5, 8\)"):
            measure(SIDES, [SIDES[1:]])


def test_lines_are_those_of_the_bsds_files(data):
    folder = data / "bsds500" / "data" / "groundTruth" / "val"
    for path in sorted(folder.glob("*.mat"))[:3]:
        for annotation in read_bsds(path):
            np.testing.assert_array_equal(
                boundary_map(annotation.segmentation), annotation.boundaries
            )
