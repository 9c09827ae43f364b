"""Stopping between layers, and counting updates."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_selfseg.protocol import Control, Interrupted


class Layer(nn.Module):
    """Says when it ran, and may ask to stop while it runs."""

    def __init__(self, name, log, during=None):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.name, self.log, self.during = name, log, during

    def forward(self, x):
        self.log.append(self.name)
        if self.during:
            self.during()
        return x * self.weight


def test_iterations_are_counted():
    control = Control()
    assert [(t, control.done) for t in control.iterations(3)] == [(0, 0), (1, 1), (2, 2)]
    assert control.done == 3


def test_the_update_under_way_does_not_count():
    control = Control()
    loop = control.iterations(5)
    assert [next(loop), next(loop)] == [0, 1]
    control.stop()
    with pytest.raises(Interrupted):
        next(loop)
    assert control.done == 2


def test_a_run_that_nobody_stops_is_not_interrupted():
    control = Control()
    control.check()
    with control.closing():
        control.check()
    assert not control.asked
    assert not control.abandoned


def test_only_abandoning_interrupts_the_closing_forward():
    control = Control()
    control.stop()
    assert control.asked
    assert not control.abandoned
    with pytest.raises(Interrupted):
        control.check()
    with control.closing():
        control.check()
        control.abandon()
        with pytest.raises(Interrupted):
            control.check()
    assert control.abandoned
    with pytest.raises(Interrupted), control.closing():
        pytest.fail("an abandoned run has no closing forward")


def test_forward_ends_after_the_current_layer():
    control, log = Control(), []
    network = nn.Sequential(
        Layer("a", log), nn.Sequential(Layer("b", log, control.stop)), Layer("c", log)
    )
    control.watch(network)
    with pytest.raises(Interrupted):
        network(torch.ones(()))
    assert log == ["a", "b"]


def test_backward_ends_after_the_current_layer():
    control, log = Control(), []
    network = nn.Sequential(*(Layer(name, log) for name in "abc"))
    control.watch(network)
    y = network(torch.ones((), requires_grad=True))
    network[2].weight.register_hook(lambda gradient: control.stop())
    with pytest.raises(Interrupted):
        y.backward()
    assert network[2].weight.grad is not None
    assert network[0].weight.grad is None


def test_watching_changes_no_result():
    def gradients(watched):
        network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        for k, weight in enumerate(network.parameters()):
            nn.init.constant_(weight, k / 3 + 0.1)
        if watched:
            Control().watch(network)
        network(torch.ones(1, 3)).sum().backward()
        return [weight.grad for weight in network.parameters()]

    for watched, plain in zip(gradients(True), gradients(False), strict=True):
        assert torch.equal(watched, plain)


def test_without_gradients_the_forward_is_watched_too():
    control, log = Control(), []
    network = nn.Sequential(Layer("a", log, control.stop), Layer("b", log))
    control.watch(network)
    with torch.no_grad(), pytest.raises(Interrupted):
        network(torch.ones(()))
    assert log == ["a"]
