"""The network of Backprop: convolutions whose responses are normalised over the image."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from napari_selfseg.nets.layers.convolution import Convolution
from napari_selfseg.nets.layers.normalisation import Normalisation


class Responses(nn.Module):
    """Response maps of Backprop: [3x3 convolution, ReLU, norm] x M, 1x1 convolution, norm.

    The 1x1 convolution has no bias: the normalisation that follows takes any constant away
    (equation 2), so the paper's b_c has neither effect nor gradient.

    Parameters
    ----------
    in_channels : int
        Channels of the image.
    channels : int
        Feature dimensions p.
    classes : int
        Response dimensions q.
    depth : int
        Number M of 3x3 (3x3x3) convolutions.
    ndim : int
        2 for planes, 3 for volumes.

    References
    ----------
    Kanezaki, Unsupervised image segmentation by backpropagation, ICASSP 2018,
    doi:10.1109/ICASSP.2018.8462533, section 2.
    """

    def __init__(
        self, in_channels: int, channels: int, classes: int, depth: int, ndim: int = 2
    ) -> None:
        super().__init__()
        self.ndim = ndim
        widths = [in_channels] + [channels] * depth
        self.convolutions = nn.ModuleList(Convolution(p, channels, 3, ndim) for p in widths[:-1])
        self.normalisations = nn.ModuleList(
            Normalisation(channels, relu=True) for _ in range(depth)
        )
        self.classifier = Convolution(widths[-1], classes, 1, ndim, bias=False)
        self.whitening = Normalisation(classes)

    @property
    def reach(self) -> int:
        """How many pixels away an input can change a response, statistics being frozen."""
        return len(self.convolutions)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Compute the normalised responses in the type of `x` (float32 or bfloat16).

        Parameters
        ----------
        x : Tensor, shape (N, in_channels, *spatial)
            Images, values about 0 to 1, and 0 where not `valid`.
        valid : Tensor of bool, shape (N, 1, *spatial), optional
            The pixels that count for the statistics; the others are treated as lying beyond the
            image's border. None means all.

        Returns
        -------
        Tensor, shape (N, classes, *spatial)
        """
        for convolution, normalisation in zip(self.convolutions, self.normalisations, strict=True):
            x = normalisation(convolution(x), valid)
        y: Tensor = self.whitening(self.classifier(x), valid)
        return y


def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Draw all weights from Xavier's uniform distribution, set biases to 0, gammas to 1.

    Parameters
    ----------
    module : nn.Module
        Network on any device; changed in place.
    generator : torch.Generator
        On the CPU, so that one seed gives the same weights on every device.

    References
    ----------
    Glorot and Bengio, AISTATS 2010.
    """
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim > 1:
                drawn = torch.empty(parameter.shape, dtype=parameter.dtype)
                parameter.copy_(nn.init.xavier_uniform_(drawn, generator=generator))
            else:
                parameter.fill_(1.0 if name.endswith("gamma") else 0.0)


def measure(network: nn.Module, x: Tensor, valid: Tensor | None = None) -> Tensor:
    """Run the closing forward: measure and freeze the statistics, return the responses.

    In float32, without gradients. The same network in evaluation then gives the same responses to
    `x`, bit for bit.

    Parameters
    ----------
    network : nn.Module
        Network with `Normalisation` layers, called as ``network(x, valid)``.
    x : Tensor, shape (N, C, *spatial)
        Images.
    valid : Tensor of bool, shape (N, 1, *spatial), optional
        The pixels that count for the statistics; None means all.

    Returns
    -------
    Tensor, shape (N, classes, *spatial)
    """
    with torch.no_grad(), _measuring(network):
        y: Tensor = network(x.float(), valid)
    return y


def assign(y: Tensor) -> Tensor:
    """Classify each pixel by its largest response, the first one among equals (equation 1).

    Parameters
    ----------
    y : Tensor, shape (N, classes, *spatial)
        Responses.

    Returns
    -------
    Tensor of int64, shape (N, *spatial)
        Class index from 0.
    """
    # torch.max over channels-last responses takes less than half the time of argmax over planes.
    return y.detach().movedim(1, -1).max(dim=-1).indices


@contextmanager
def _measuring(network: nn.Module) -> Iterator[None]:
    layers = [layer for layer in network.modules() if isinstance(layer, Normalisation)]
    training = network.training
    network.eval()
    try:
        for layer in layers:
            layer.measuring = True
        yield
    finally:
        for layer in layers:
            layer.measuring = False
        network.train(training)
