"""Scripts of stacks make their labels again."""

from __future__ import annotations

import types

import numpy as np
import pytest

import napari_selfseg as ss
from napari_selfseg.replaying import as_script

METHOD = ss.Backprop(iterations=4, channels=8, min_labels=1, seed=3)
STACK = np.random.default_rng(0).integers(0, 255, (4, 20, 24, 3)).astype(np.uint8)
COARSE = ss.Slic(n_segments=30)
HERE = {"device": "cpu", "threads": 1, "precision": "float32"}


def over(**options):
    given = {"channel_axis": -1, "name": "cells", "superpixels": COARSE, "viewed": 2}
    return ss.over_stack(STACK, METHOD, **{**HERE, **given, **options})


def record_of(run):
    source = {"layers": ["cells"], "path": "", "multiscale": False, "rgb": True, "region": None}
    return {**run.record(), "source": source}


def labels_of(script):
    layers = {"cells": types.SimpleNamespace(data=STACK)}
    names = {"viewer": types.SimpleNamespace(layers=layers)}
    exec(compile(script, "script.py", "exec"), names)
    return names["labels"]


@pytest.mark.parametrize("carry", ["independent", "warm", "joint"])
def test_a_script_goes_along_the_stack_again(carry):
    run = over(carry=carry).finish()
    script = as_script(record_of(run))
    assert f"carry='{carry}'" in script
    np.testing.assert_array_equal(labels_of(script), run.out)


def test_arrays_that_are_not_in_the_record_are_asked_for():
    mask = np.ones(STACK.shape[:3], bool)
    mask[:, 0] = False
    script = as_script(record_of(over(mask=mask).finish()))
    with pytest.raises(ValueError, match="Load the mask"):
        labels_of(script)
    assert "mask=mask" in script


def test_a_stack_that_was_stopped_has_no_script():
    run = over()
    next(run)
    run.stop()
    with pytest.raises(ValueError, match="not finished"):
        as_script(record_of(run.finish()))
