"""Features of a pretrained vision transformer; timm is imported when they are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_selfseg.methods._deepcut._settings import Settings

__all__ = ["WIDTH", "Transformer", "load", "transformer"]

# Features of each of the models offered.
WIDTH = 384
FILE = "model.safetensors"


class Transformer(nn.Module):
    """The keys of the last attention of a vision transformer.

    Parameters
    ----------
    vit : torch.nn.Module
        Of timm, made for images of any size.
    mean, std : sequence of float
        Of the colours it was trained on.

    Attributes
    ----------
    width : int
        Number of features.
    side : int
        Pixels of a patch along each axis.

    References
    ----------
    Amir, Gandelsman, Bagon and Dekel, Deep ViT features as dense visual descriptors, 2021,
    arXiv:2112.05814: why keys.
    """

    def __init__(self, vit: Any, mean: Any, std: Any) -> None:
        super().__init__()
        self.vit = vit.eval().requires_grad_(False)
        self.width = int(vit.embed_dim)
        self.side = int(vit.patch_embed.patch_size[0])
        self.colours = (tuple(mean), tuple(std))

    def forward(self, x: Tensor) -> Tensor:
        """Compute the features of each patch.

        Parameters
        ----------
        x : Tensor, shape (N, C, H, W)
            Images between 0 and 1, of one or three channels.

        Returns
        -------
        Tensor, shape (N, width, ceil(H / p), ceil(W / p))
            With patches of p x p pixels.
        """
        p = self.side
        rows, columns = (-(-n // p) for n in x.shape[2:])
        more = [0, columns * p - x.shape[3], 0, rows * p - x.shape[2]]
        mean, std = (x.new_tensor(each)[:, None, None] for each in self.colours)
        image = (x.expand(-1, 3, -1, -1) - mean) / std
        keys = self._keys(F.pad(image, more, mode="replicate"))
        tokens = keys[:, int(self.vit.num_prefix_tokens) :]
        found: Tensor = tokens.movedim(-1, 1).unflatten(2, (rows, columns))
        return found

    def _keys(self, image: Tensor) -> Tensor:
        seen: list[Tensor] = []
        attention = self.vit.blocks[-1].attn
        hook = attention.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
        try:
            with torch.no_grad():
                self.vit.forward_features(image)
        finally:
            hook.remove()
        # One layer makes queries, keys and values, in this order; the keys are the features.
        d = slice(self.width, 2 * self.width)
        bias = attention.qkv.bias
        return F.linear(seen[0], attention.qkv.weight[d], None if bias is None else bias[d])


def transformer(settings: Settings, in_channels: int, ndim: int) -> Transformer:
    """Load the transformer that a run asks for.

    ValueError when timm or the weights are missing, or the image is none for it.
    """
    if ndim != 2 or in_channels not in (1, 3):
        raise ValueError(
            f"Features of DINO are of planes with one or three channels, not of {ndim}-D images "
            f"with {in_channels}: choose other features."
        )
    return load(settings.transformer, settings.weights)


def load(name: str, weights: str, **more: Any) -> Transformer:
    """Build a transformer and read its weights, from a file or from timm's cache.

    Parameters
    ----------
    name : str
        Of a model of timm.
    weights : str
        Path of a file; empty for the cache. Nothing is downloaded.
    **more
        As for ``timm.create_model``.

    Raises
    ------
    ValueError
        When timm or the weights are missing, or do not fit.
    """
    timm = _timm()
    config = timm.get_pretrained_cfg(name)
    path = Path(weights) if weights else _cached(name, config.hf_hub_id)
    if not path.is_file():
        raise ValueError(f"There is no file of weights {str(path)!r}: choose another one.")
    vit = timm.create_model(name, num_classes=0, dynamic_img_size=True, **more)
    try:
        timm.models.load_checkpoint(vit, str(path), weights_only=True)
    except (RuntimeError, KeyError, ValueError) as error:
        raise ValueError(f"The weights in {path.name} are not those of {name}.") from error
    return Transformer(vit, config.mean, config.std)


def _timm() -> Any:
    try:
        import timm
    except (ImportError, RuntimeError) as error:  # torchvision of another torch raises the latter
        raise ValueError(
            "Features of DINO need timm, which cannot be imported here: install "
            f"napari-selfseg[dino]. ({error})"
        ) from error
    return timm


def _cached(name: str, repository: str) -> Path:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repository, FILE)
    if not isinstance(found, str):
        raise ValueError(
            f"The weights of {name} are not on this computer: give their file, or fetch them once "
            f"with timm.create_model({name!r}, pretrained=True)."
        )
    return Path(found)
