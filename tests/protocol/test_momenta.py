"""What an optimiser remembers travels with a checkpoint."""

import pytest
import torch

import napari_selfseg as ss
from napari_selfseg.io import load_fit, save_fit
from napari_selfseg.protocol import Momenta
from napari_selfseg.scale import Trainer

ADAM, SGD = torch.optim.Adam, torch.optim.SGD


def weights(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.nn.Parameter(torch.rand(n, generator=generator)) for n in (3, 2)]


def updated(optimiser, times):
    for t in range(times):
        optimiser.zero_grad()
        [group] = optimiser.param_groups
        sum(
            (each * (k + t + 1)).square().sum() for k, each in enumerate(group["params"])
        ).backward()
        optimiser.step()


@pytest.mark.parametrize("kind", [ADAM, lambda w: SGD(w, 0.1, 0.9)])
def test_training_goes_on_as_if_it_had_not_ended(kind):
    whole = weights()
    optimiser = kind(whole)
    updated(optimiser, 3)
    halfway, momenta = [each.detach().clone() for each in whole], Momenta()
    momenta.of(optimiser)
    kept = momenta.read()
    updated(optimiser, 1)
    again = [torch.nn.Parameter(each) for each in halfway]
    resumed = Momenta(kept).of(kind(again))
    updated(resumed, 1)
    assert all((a == b).all() for a, b in zip(again, whole, strict=True))


def test_averages_of_another_optimiser_are_left():
    momenta = Momenta()
    updated(momenta.of(ADAM(weights())), 1)
    kept = momenta.read()
    assert set(kept) >= {"Adam.0.exp_avg", "Adam.1.exp_avg_sq"}
    assert not SGD(weights(), 0.1).state
    assert not Momenta(kept).of(SGD(weights(), 0.1)).state
    assert not Momenta(kept).of(ADAM(weights()[:1])).state
    assert not Momenta({"nonsense": torch.ones(3)}).of(ADAM(weights())).state


def test_only_the_first_optimiser_of_a_run_begins_with_them():
    momenta = Momenta()
    updated(momenta.of(ADAM(weights())), 1)
    second = Momenta(momenta.read())
    assert second.of(ADAM(weights())).state
    assert not second.of(ADAM(weights())).state


def test_what_is_kept_outlives_the_optimiser():
    momenta = Momenta()
    updated(momenta.of(ADAM(weights())), 1)
    before = momenta.read()
    momenta.keep()
    assert set(momenta.read()) == set(before) != set()


@pytest.mark.parametrize(
    "method",
    [
        ss.Backprop(iterations=6, channels=6, variant="continuity", min_labels=1),
        ss.DIC(iterations=6, width=4, n_clusters=4, min_labels=1),
        ss.DSC(iterations=6, width=4, partitions=4, autoencoder_iterations=2, min_labels=1),
        ss.SGSeg(iterations=6, width=4, classes=3, backbone="none", patch_size=16),
    ],
    ids=lambda each: each.name,
)
def test_a_checkpoint_holds_them_and_its_model_has_only_weights(tmp_path, method):
    images = [
        torch.rand(32, 36, 3, generator=torch.Generator().manual_seed(n)).numpy() for n in (0, 1)
    ]
    path = tmp_path / "model.safetensors"
    trainer = Trainer(images, method, path, every=4, channel_axis=-1, device="cpu", threads=1)
    while next(trainer).iteration < 5:
        pass
    trainer.run.close()
    found = load_fit(path)
    assert found.momenta
    assert set(found.weights) == set(
        ss.evolve(images, method, channel_axis=-1).finish().fit.weights
    )
    again = Trainer(images, method, path, resume=True, channel_axis=-1, device="cpu", threads=1)
    next(again)
    assert set(again.run.momenta) == set(found.momenta)
    assert all((again.run.momenta[n] == each).all() for n, each in found.momenta.items())
    again.run.close()


def test_a_fit_of_a_run_has_none(tmp_path):
    image = torch.rand(20, 20, generator=torch.Generator().manual_seed(0)).numpy()
    fit = ss.segment(image, ss.Backprop(iterations=2, channels=4), threads=1).fit
    assert not fit.momenta
    save_fit(fit, tmp_path / "a.safetensors")
    assert not load_fit(tmp_path / "a.safetensors").momenta
