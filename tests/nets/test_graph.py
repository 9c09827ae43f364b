"""The graph network against its equations in NumPy."""

import numpy as np
import torch

from napari_selfseg.nets import GraphClassifier, dropout_mask, initialise, propagation

NODES, FEATURES, CLASSES = 6, 4, 3


def graph() -> torch.Tensor:
    w = torch.rand(NODES, NODES, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return (w + w.T).fill_diagonal_(0)


def network() -> GraphClassifier:
    made = GraphClassifier(FEATURES, CLASSES)
    initialise(made, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for name, each in made.named_parameters():
            if name.endswith("bias"):
                each.copy_(torch.linspace(-0.3, 0.4, len(each)))
    return made.double()


def rows() -> torch.Tensor:
    drawn = torch.Generator().manual_seed(1)
    return torch.randn(NODES, FEATURES, generator=drawn, dtype=torch.float64)


def elu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, np.exp(x) - 1)


def expected(net, x, P, dropped=1.0):
    weights = {name: each.detach().numpy() for name, each in net.named_parameters()}

    def linear(rows, layer):
        return rows @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"]

    first = elu(P @ x @ weights["convolution.weight"].T + weights["convolution.bias"])
    return linear(elu(linear(first, "linear")) * dropped, "last")


def test_propagation_is_the_normalised_graph_with_loops():
    W = graph()
    joined = W.numpy() + np.eye(NODES)
    half = np.diag(joined.sum(axis=1) ** -0.5)
    np.testing.assert_allclose(propagation(W), half @ joined @ half)


def test_a_node_without_neighbours_keeps_its_features():
    W = graph()
    W[2], W[:, 2] = 0, 0
    np.testing.assert_allclose(propagation(W)[2], np.eye(NODES)[2])


def test_responses_are_those_of_the_equations():
    net, x, P = network(), rows(), propagation(graph())
    found = net(x, P).detach().numpy()
    np.testing.assert_allclose(found, expected(net, x.numpy(), P.numpy()))
    assert np.abs(found - net(x, torch.eye(NODES).double()).detach().numpy()).max() > 1e-3


def test_dropped_features_do_not_reach_the_last_layer():
    net, x, P = network(), rows(), propagation(graph())
    dropped = dropout_mask(NODES, 0.5, torch.Generator().manual_seed(0)).double()
    found = net(x, P, dropped).detach().numpy()
    np.testing.assert_allclose(found, expected(net, x.numpy(), P.numpy(), dropped.numpy()))


def test_dropout_keeps_the_mean_and_is_the_same_for_a_seed():
    masks = [dropout_mask(2000, 0.25, torch.Generator().manual_seed(s)) for s in (0, 0, 1)]
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])
    assert abs(float((masks[0] == 0).float().mean()) - 0.25) < 0.01
    assert abs(float(masks[0].mean()) - 1) < 0.02
    assert (dropout_mask(5, 0.0, torch.Generator()) == 1).all()


def test_weights_wait_for_a_generator():
    before = torch.get_rng_state()
    GraphClassifier(FEATURES, CLASSES)
    assert torch.equal(torch.get_rng_state(), before)
