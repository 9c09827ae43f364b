"""Graph networks against loops over edges in NumPy, and against PyTorch Geometric."""

import numpy as np
import pytest
import torch
from torch import nn

from napari_selfseg.nets import GNN, directional, initialise, nearest
from napari_selfseg.nets.gnn import GraphBlock

B, N, C, K = 2, 7, 3, 4
BACKBONES = ("pointnet", "dgcnn", "diffgcn")


def features(seed=0, c=C):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(B, c, N, generator=generator, dtype=torch.float64)


def neighbours():
    return nearest(features().transpose(1, 2), K)


def block(backbone):
    made = GraphBlock(backbone, C)
    initialise(made, torch.Generator().manual_seed(1))
    return made.double().eval()


def test_neighbours_are_the_nearest_by_features():
    F = features().transpose(1, 2).numpy()
    for b, i in np.ndindex(B, N):
        apart = np.linalg.norm(F[b] - F[b, i], axis=1)
        apart[i] = np.inf
        assert set(neighbours()[b, i].tolist()) == set(np.argsort(apart)[:K])


def test_there_are_no_more_neighbours_than_other_superpixels():
    found = nearest(features().transpose(1, 2), 20)
    assert found.shape == (B, N, N - 1)
    assert (found.sort(2).values.diff(dim=2) > 0).all()


def derivatives(F, xy, b, i, j):
    """Equation 16 for an edge."""
    delta = np.sqrt(((xy[b, :, i] - xy[b, :, j]) ** 2).sum())
    both = [
        (F[b, :, i] - F[b, :, j]) / delta * (xy[b, axis, i] - xy[b, axis, j]) for axis in (0, 1)
    ]
    return np.concatenate(both)


def test_derivatives_are_equation_16():
    F, xy = features().numpy(), features(5, 2).numpy()
    found = directional(features(), features(5, 2), neighbours()).numpy()
    for b, i, m in np.ndindex(B, N, K):
        j = int(neighbours()[b, i, m])
        np.testing.assert_allclose(found[b, :, i, m], derivatives(F, xy, b, i, j))


def test_superpixels_at_one_place_have_no_derivative_and_finite_slopes():
    F, xy = features().requires_grad_(), torch.zeros(B, 2, N, dtype=torch.float64).requires_grad_()
    found = directional(F, xy, neighbours())
    assert not found.any()
    (found**2).sum().backward()
    assert F.grad.isfinite().all()
    assert xy.grad.isfinite().all()


@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_block_is_equations_14_to_16(backbone):
    layer, F, xy = block(backbone), features().numpy(), features(5, 2).numpy()
    theta = layer.h.convolution.weight.detach().numpy()[:, :, 0, 0]
    found = layer(features(), features(5, 2), neighbours()).detach().numpy()

    def h(g):
        return np.maximum(theta @ g / np.sqrt(1 + 1e-5), 0)

    for b, i in np.ndindex(B, N):
        mine = F[b, :, i]
        edges = neighbours()[b, i].tolist()
        if backbone == "pointnet":
            expected = h(mine)
        elif backbone == "dgcnn":
            expected = np.max([h(np.r_[mine, mine - F[b, :, j]]) for j in edges], axis=0)
        else:
            each = [h(np.r_[mine, derivatives(F, xy, b, i, j)]) for j in edges]
            expected = np.max(each, axis=0)
        np.testing.assert_allclose(found[b, :, i], expected)


def edge_index():
    """Edges of the first graph as PyTorch Geometric has them: from neighbour to node."""
    to = torch.arange(N).repeat_interleave(K)
    return torch.stack([neighbours()[0].flatten(), to])


def test_dgcnn_is_that_of_pytorch_geometric():
    geometric = pytest.importorskip(
        "torch_geometric.nn", reason="PyTorch Geometric is not installed"
    )
    layer = block("dgcnn")
    own, other = layer.h.convolution.weight[:, :, 0, 0].split(C, dim=1)
    linear = nn.Linear(2 * C, C, bias=False).double()
    edge_conv = geometric.EdgeConv(nn.Sequential(linear, nn.ReLU()), aggr="max").double()
    # It concatenates F_j - F_i where the paper has F_i - F_j, and drew weights of its own.
    linear.weight.data = torch.cat([own, -other], dim=1) / (1 + 1e-5) ** 0.5
    found = layer(features(), features(5, 2), neighbours())[0]
    torch.testing.assert_close(found, edge_conv(features()[0].T, edge_index()).T)


def test_diffgcn_is_that_of_pytorch_geometric():
    geometric = pytest.importorskip(
        "torch_geometric.nn", reason="PyTorch Geometric is not installed"
    )
    layer = block("diffgcn")

    class DiffGCN(geometric.MessagePassing):
        def forward(self, x, pos, edge_index):
            return self.propagate(edge_index, x=x, pos=pos)

        def message(self, x_i, x_j, pos_i, pos_j):
            away = (pos_i - pos_j) / (pos_i - pos_j).norm(dim=1, keepdim=True)
            along = [(x_i - x_j) * away[:, axis, None] for axis in (0, 1)]
            y = torch.cat([x_i, *along], dim=1) @ layer.h.convolution.weight[:, :, 0, 0].T
            return (y / (1 + 1e-5) ** 0.5).relu()

    F, xy = features()[0].T, features(5, 2)[0].T
    expected = DiffGCN(aggr="max")(F, xy, edge_index()).T
    torch.testing.assert_close(layer(features(), features(5, 2), neighbours())[0], expected)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_network_keeps_the_order_of_the_superpixels(backbone):
    network = GNN(C + 2, backbone, 8, K)
    initialise(network, torch.Generator().manual_seed(2))
    network.double()
    F = features(3, C + 2).transpose(1, 2)
    order = torch.randperm(N, generator=torch.Generator().manual_seed(4))
    found = network(F)
    assert found.shape == (B, N, 8)
    torch.testing.assert_close(network(F[:, order]), found[:, order])


def test_only_graphs_let_superpixels_see_each_other():
    F = features(3, C + 2).transpose(1, 2)
    other = F.clone()
    other[:, 0] += 3
    changed = {}
    for backbone in BACKBONES:
        network = GNN(C + 2, backbone, 8, K)
        initialise(network, torch.Generator().manual_seed(2))
        network.double().eval()
        gap = (network(F) - network(other)).abs().sum(2)
        assert (gap[:, 0] > 0).all()
        changed[backbone] = bool((gap[:, 1:] > 0).any())
    assert changed == {"pointnet": False, "dgcnn": True, "diffgcn": True}
