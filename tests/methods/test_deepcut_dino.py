"""DeepCut on the features of a pretrained transformer, with a tiny one that is made here."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

import napari_selfseg as ss
from napari_selfseg.methods._deepcut import _dino

TINY = {"embed_dim": 24, "depth": 2, "num_heads": 2, "img_size": 32}
NAME = "vit_small_patch8_224.dino"


@pytest.fixture
def timm():
    """The package, where it can be imported."""
    try:
        import timm as package
    except (ImportError, RuntimeError) as error:
        pytest.skip(
            "timm cannot be imported here (beside a torch for CPUs only, the torchvision of PyPI "
            f"that it needs does not import): {error}"
        )
    return package


@pytest.fixture
def checkpoint(timm, tmp_path):
    """Path of the weights of a tiny transformer."""
    from safetensors.torch import save_file

    generator = torch.Generator().manual_seed(0)
    vit = timm.create_model(NAME, num_classes=0, dynamic_img_size=True, **TINY)
    state = {
        name: torch.randn(each.shape, generator=generator) * 0.2
        for name, each in vit.state_dict().items()
    }
    save_file(state, tmp_path / "tiny.safetensors")
    return tmp_path / "tiny.safetensors"


def picture(shape=(40, 52), seed=0):
    halves = (np.indices(shape)[1] * 2 // shape[1])[..., None] * np.array([0.7, -0.5, 0.3])
    noise = np.random.default_rng(seed).normal(scale=0.02, size=(*shape, 3))
    return np.clip(0.4 + halves + noise, 0, 1).astype(np.float32)


def test_keys_are_those_of_the_last_attention(checkpoint):
    made = _dino.load(NAME, str(checkpoint), **TINY)
    x = torch.from_numpy(np.moveaxis(picture((32, 40)), -1, 0)[None].copy())
    seen = []
    hook = made.vit.blocks[-1].attn.qkv.register_forward_hook(lambda *a: seen.append(a[2]))
    found = made(x)
    hook.remove()
    assert found.shape == (1, 24, 4, 5)
    expected = seen[0][:, 1:, 24:48].movedim(1, 2).reshape(1, 24, 4, 5)
    torch.testing.assert_close(found, expected)
    assert float(found.std()) > 1e-3, "test invalid"


def test_any_size_and_one_channel(checkpoint):
    made = _dino.load(NAME, str(checkpoint), **TINY)
    assert made(torch.rand(1, 1, 33, 47)).shape == (1, 24, 5, 6)


def test_a_run_and_its_fit(checkpoint, monkeypatch, tmp_path):
    load = _dino.load
    monkeypatch.setattr(_dino, "load", lambda name, weights: load(name, weights, **TINY))
    image = picture()
    method = ss.DeepCut(features="dino", weights=str(checkpoint), iterations=3)
    run = ss.segment(image, method, superpixels=ss.Patches(size=8), channel_axis=-1, device="cpu")
    assert len(np.unique(run.labels())) > 1
    assert not any("vit" in name for name in run.fit.weights)
    ss.save_fit(run.fit, tmp_path / "fit.safetensors")
    fit = ss.load_fit(tmp_path / "fit.safetensors")
    found = fit.predict(image, channel_axis=-1, superpixels=run.superpixels[0], device="cpu")
    np.testing.assert_array_equal(found, run.labels())


def test_weights_of_another_model_are_refused(checkpoint):
    with pytest.raises(ValueError, match=r"tiny.safetensors are not those of vit_small"):
        _dino.load(NAME, str(checkpoint), **{**TINY, "depth": 1, "embed_dim": 48})


def test_a_missing_file_is_named(timm, tmp_path):
    with pytest.raises(ValueError, match=r"no file of weights .*none.pth"):
        _dino.load(NAME, str(tmp_path / "none.pth"))


def test_weights_that_are_not_in_the_cache_are_not_downloaded(timm, monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_: None)
    with pytest.raises(ValueError, match=f"weights of {NAME} are not on this computer"):
        _dino.load(NAME, "")


def test_without_timm_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    method = ss.DeepCut(features="dino")
    with pytest.raises(ValueError, match=r"need timm, .*: install napari-selfseg\[dino\]"):
        ss.evolve(picture(), method, superpixels=ss.Patches(), channel_axis=-1)


@pytest.mark.parametrize(("shape", "axis"), [((6, 20, 20), None), ((5, 20, 20), 0)])
def test_volumes_and_other_channels_are_refused(shape, axis):
    method = ss.DeepCut(features="dino")
    with pytest.raises(ValueError, match="are of planes with one or three channels"):
        ss.evolve(
            np.random.default_rng(0).random(shape),
            method,
            superpixels=ss.Patches(),
            channel_axis=axis,
        )
