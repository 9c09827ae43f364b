"""Label 0 is background, and where it is missing, figures of objects say so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_selfseg.metrics import contingency, evaluate
from napari_selfseg.metrics._instances._background import doubt

NUCLEI = np.array([[0, 0, 0, 0, 0, 0, 1, 1, 0, 2]])


def said(labels, truth, background=(0,), ignore=()):
    return doubt(contingency(labels, truth, ignore=ignore), background)


def test_objects_on_a_background_need_no_words():
    assert said(NUCLEI, NUCLEI) == ("", False)
    assert said(NUCLEI * 0, NUCLEI) == ("", False)
    assert said(NUCLEI, NUCLEI * 0) == ("", False)


def test_segments_of_the_whole_image_are_no_objects():
    pieces = np.array([[1, 1, 1, 2, 2, 2, 3, 3, 4, 5]])
    sentence, refused = said(pieces, NUCLEI)
    assert refused
    assert sentence == (
        "No figures of objects: the truth has a background (label 0), the labels have none. They "
        "are segments of the whole image: set those that are background to 0."
    )


def test_the_large_segment_that_may_be_background_is_named():
    sentence, refused = said(NUCLEI + 4, NUCLEI)
    assert refused
    assert sentence.endswith(
        "If label 4, which covers 70 % of the pixels, is background, set it to 0."
    )


def test_a_truth_numbered_from_one_names_its_large_region():
    sentence, refused = said(NUCLEI, NUCLEI + 1)
    assert refused
    assert "the truth has no background (label 0), and its label 1 covers 70 %" in sentence
    assert said(NUCLEI + 1, NUCLEI + 1) == (sentence, True)


def test_objects_that_fill_the_image_need_no_background():
    cells = np.array([[1, 1, 1, 2, 2, 2, 3, 3, 3, 3]])
    assert said(cells, cells) == said(cells * 0 + 1, cells) == ("", False)
    gaps = np.where(cells == 2, 0, cells)
    assert said(gaps, cells) == ("", False)


def test_half_of_the_pixels_is_not_most_of_them():
    halves = np.array([[1, 1, 1, 1, 1, 2, 2, 2, 3, 3]])
    assert said(halves, halves) == ("", False)
    assert said(halves, np.where(halves == 2, 1, halves)).refused


def test_a_large_segment_over_background_counts_and_is_mentioned():
    labels = np.array([[0, 7, 7, 7, 7, 7, 7, 2, 2, 2]])
    sentence, refused = said(labels, NUCLEI)
    assert not refused
    assert sentence.startswith("Label 7 counts as an object: it covers 60 % of the pixels")
    one_large_cell = np.array([[0, 7, 7, 7, 7, 7, 7, 0, 0, 0]])
    assert said(one_large_cell, one_large_cell) == ("", False)
    found = evaluate(labels, [NUCLEI], tolerance=None)
    assert found.remark == sentence
    assert "aggregated_jaccard" in found.values


def test_other_labels_are_background_where_they_are_named():
    odd = np.where(NUCLEI == 0, 255, NUCLEI)
    assert said(odd, odd, (255,)) == ("", False)
    assert "(label 0 or 255)" in said(odd + 0, NUCLEI + 3, (0, 255)).sentence
    assert "set it to 255" in said(NUCLEI + 4, odd, (255, 0)).sentence


@pytest.mark.parametrize("background", [(), (0,)])
@given(pair=arrays(np.int64, (2, 2, 4), elements=st.integers(0, 3)))
def test_without_background_labels_every_label_is_an_object(background, pair):
    found = said(*pair, background)
    assert background or found == ("", False)
    # Never more than what was asked for, and never a refusal without a reason.
    assert bool(found.sentence) or not found.refused


def test_ignored_background_of_the_truth_is_not_missed():
    cells = np.array([[0, 1, 1, 1, 2, 2, 2, 0, 3, 3]])
    assert said(cells, cells, ignore=(0,)) == ("", False)
