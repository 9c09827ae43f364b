"""The closing forward: what was learned becomes a fit, and its labels the last step."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_selfseg.protocol._fit import Fit, small
from napari_selfseg.protocol._given._scaling import Scaling
from napari_selfseg.protocol._method._inputs import Inputs
from napari_selfseg.protocol._method._method import Method
from napari_selfseg.regions import vote

__all__ = ["closing_forward"]


def closing_forward(
    method: Method, network: nn.Module, inputs: Inputs, scaling: Scaling
) -> tuple[Fit, Tensor]:
    """Freeze the statistics, keep the weights, and vote.

    Parameters
    ----------
    network : torch.nn.Module
        As trained; its buffers are written.
    inputs : Inputs
        What it was trained on.
    scaling : Scaling
        How the images were read.

    Returns
    -------
    fit : Fit
        Its prediction on an image of the run is these labels before the vote.
    votes : Tensor
        As in `Step`.
    """
    with inputs.control.closing():
        raw = method.freeze(network, inputs)
    seen = raw if inputs.valid is None else raw[inputs.valid[:, 0]]
    fit = Fit(
        method=method,
        in_channels=inputs.x.shape[1],
        ndim=inputs.x.ndim - 2,
        scaling=scaling,
        classes=tuple(int(each) + 1 for each in torch.unique(seen).tolist() if each >= 0),
        weights={name: each.cpu().clone() for name, each in network.state_dict().items()},
    )
    return fit, small(_voted(raw, inputs, method.n_classes), method.n_classes)


def _voted(raw: Tensor, inputs: Inputs, n_classes: int) -> Tensor:
    if inputs.index is not None:
        return vote(raw, inputs.index, inputs.n_regions, n_classes)
    return raw + 1 if inputs.valid is None else (raw + 1) * inputs.valid[:, 0]
