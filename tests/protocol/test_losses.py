"""Losses are read when asked for, and outlive the device where they can."""

from __future__ import annotations

import torch

from napari_selfseg.protocol._results._history import Losses

GONE = torch.zeros((), device="meta")  # a number that nobody can read


def kept(*steps):
    losses = Losses()
    for t, step in enumerate(steps):
        losses.add(t, {name: torch.as_tensor(value) for name, value in step.items()})
    return losses


def test_terms_by_iteration():
    losses = kept({"a": 0.5, "b": 2.0}, {"a": 0.25}, {})
    expected = {"a": {0: 0.5, 1: 0.25}, "b": {0: 2.0}}
    assert losses.read() == expected
    losses.to_host()
    assert losses.read() == expected


def test_those_of_a_lost_device_are_dropped():
    losses = kept({"a": 0.5}, {"a": GONE}, {"a": 0.25})
    losses.to_host()
    assert losses.read() == {"a": {0: 0.5, 2: 0.25}}
