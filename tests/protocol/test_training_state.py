"""Training that goes on from a file ends as if it had never been interrupted."""

import pytest
import torch

import napari_selfseg as ss
from napari_selfseg.io import load_fit, save_fit
from napari_selfseg.protocol import TrainingState
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
    halfway, state = [each.detach().clone() for each in whole], TrainingState()
    state.of(optimiser)
    kept = state.read()
    updated(optimiser, 1)
    again = [torch.nn.Parameter(each) for each in halfway]
    resumed = TrainingState(kept).of(kind(again))
    updated(resumed, 1)
    assert all((a == b).all() for a, b in zip(again, whole, strict=True))


def test_averages_of_another_optimiser_are_left():
    state = TrainingState()
    updated(state.of(ADAM(weights())), 1)
    kept = state.read()
    assert set(kept) >= {"Adam.0.exp_avg", "Adam.1.exp_avg_sq"}
    assert not SGD(weights(), 0.1).state
    assert not TrainingState(kept).of(SGD(weights(), 0.1)).state
    assert not TrainingState(kept).of(ADAM(weights()[:1])).state
    assert not TrainingState({"nonsense": torch.ones(3)}).of(ADAM(weights())).state


def test_only_the_first_optimiser_of_a_run_begins_with_them():
    state = TrainingState()
    updated(state.of(ADAM(weights())), 1)
    second = TrainingState(state.read())
    assert second.of(ADAM(weights())).state
    assert not second.of(ADAM(weights())).state


def test_what_is_kept_outlives_the_optimiser():
    state = TrainingState()
    updated(state.of(ADAM(weights())), 1)
    before = state.read()
    state.keep()
    assert set(state.read()) == set(before) != set()


def drawn(generator, count=1):
    return torch.rand(count, generator=generator).tolist()


def test_random_numbers_go_on_from_before_the_update_that_was_begun():
    state = TrainingState()
    generator = state.generator(3)
    for done in state.before_each(iter(range(5))):
        numbers = drawn(generator)
        if done == 2:
            break
    again = TrainingState(state.read()).generator(3)
    assert drawn(again) == numbers
    assert drawn(again) == drawn(generator)


def test_after_the_last_update_they_go_on_with_the_next():
    state = TrainingState()
    generator = state.generator(3)
    for _ in state.before_each(iter(range(2))):
        drawn(generator)
    assert drawn(TrainingState(state.read()).generator(3)) == drawn(generator)


@pytest.mark.parametrize(
    "bad", [torch.ones(3), torch.zeros(5056, dtype=torch.uint8), torch.zeros(9, dtype=torch.uint8)]
)
def test_a_state_that_is_none_is_left(bad):
    fresh = TrainingState().generator(3)
    assert drawn(TrainingState({"generator": bad}).generator(3)) == drawn(fresh)


def test_nothing_is_kept_where_nothing_is_drawn():
    state = TrainingState()
    assert list(state.before_each(iter(range(3)))) == [0, 1, 2]
    assert not state.read()


METHODS = [
    ss.Backprop(iterations=6, channels=6, variant="continuity", min_labels=1),
    ss.DIC(iterations=6, width=4, n_clusters=4, min_labels=1),
    ss.DSC(iterations=6, width=4, partitions=4, autoencoder_iterations=2, min_labels=1),
    ss.DSC(
        iterations=7, width=4, partitions=4, autoencoder_iterations=5, min_labels=1, crop_size=24
    ),
    ss.SGSeg(iterations=6, width=4, classes=3, backbone="none", patch_size=16),
    ss.SGSeg(
        iterations=7,
        width=4,
        classes=3,
        backbone="diffgcn",
        patch_size=16,
        n_superpixels=8,
        neighbours=3,
        spnn_iterations=5,
    ),
]


def images():
    draw = torch.Generator().manual_seed
    return [torch.rand(32, 36, 3, generator=draw(n)).numpy() for n in (0, 1)]


def trainer(path, method, **options):
    how = {"every": 4, "channel_axis": -1, "device": "cpu", "threads": 1}
    return Trainer(images(), method, path, **how, **options)


@pytest.mark.parametrize("method", METHODS, ids=lambda each: each.name)
def test_interrupted_and_resumed_is_the_same_as_undisturbed(tmp_path, method):
    path, other = tmp_path / "killed.safetensors", tmp_path / "whole.safetensors"
    killed = trainer(path, method)
    while next(killed).iteration < 5:
        pass
    killed.run.close()
    trainer(path, method, resume=True).finish()
    trainer(other, method).finish()
    weights, undisturbed = load_fit(path).weights, load_fit(other).weights
    assert set(weights) == set(undisturbed)
    assert all(torch.equal(each, undisturbed[name]) for name, each in weights.items())


@pytest.mark.parametrize("method", METHODS, ids=lambda each: each.name)
def test_a_checkpoint_holds_them_and_its_model_has_only_weights(tmp_path, method):
    path = tmp_path / "model.safetensors"
    killed = trainer(path, method)
    while next(killed).iteration < 5:
        pass
    killed.run.close()
    found = load_fit(path)
    assert found.training_state
    assert set(found.weights) == set(
        ss.evolve(images(), method, channel_axis=-1, threads=1).finish().fit.weights
    )
    again = trainer(path, method, resume=True)
    next(again)
    assert set(again.run.training_state) == set(found.training_state)
    assert all(
        (again.run.training_state[n] == each).all() for n, each in found.training_state.items()
    )
    again.run.close()


def test_a_fit_of_a_run_has_none(tmp_path):
    image = torch.rand(20, 20, generator=torch.Generator().manual_seed(0)).numpy()
    fit = ss.segment(image, ss.Backprop(iterations=2, channels=4), threads=1).fit
    assert not fit.training_state
    save_fit(fit, tmp_path / "a.safetensors")
    assert not load_fit(tmp_path / "a.safetensors").training_state
