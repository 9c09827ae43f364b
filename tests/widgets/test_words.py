from __future__ import annotations

import math

import pytest

from napari_selfseg.widgets.model.words import Pace, duration, progress


def test_progress_is_one_line_in_words():
    said = progress(37, 500, 24, 31, 2.309, 121)
    assert said == (
        "Iteration 37 of 500 - 24 labels (31 before the vote) - loss 2.31 - about 2 min left"
    )


def test_progress_leaves_out_what_is_not_known_or_says_nothing_new():
    assert progress(0, 9, 1, 1, math.nan, math.nan) == "Iteration 0 of 9 - 1 label"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "a few seconds"),
        (12, "about 10 s"),
        (54, "about 55 s"),
        (58, "about 1 min"),
        (1500, "about 25 min"),
        (5390, "about 90 min"),
        (9000, "about 2.5 h"),
    ],
)
def test_a_duration_is_as_precise_as_an_estimate_deserves(seconds, said):
    assert duration(seconds) == said


def test_the_pace_forgets_the_first_iteration():
    pace = Pace(total=11)
    slow_start, after_it = 100.0, 150.0
    assert math.isnan(pace.left(0, slow_start))
    assert math.isnan(pace.left(1, after_it))
    assert math.isnan(pace.left(2, after_it + 2))
    assert pace.left(6, after_it + 10) == pytest.approx(10)
