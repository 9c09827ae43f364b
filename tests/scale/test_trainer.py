"""Training on a collection: checkpoints, resuming, stability."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import napari_selfseg as ss
from napari_selfseg.io import load_fit, read_progress
from napari_selfseg.record import weights_hash
from napari_selfseg.scale import Trainer, apply_fit

HERE = {"device": "cpu", "threads": 1}
METHOD = ss.Backprop(iterations=6, channels=6, variant="continuity", min_labels=1)


def pictures(n=3, shape=(20, 26)):
    rng = np.random.default_rng(0)
    found = rng.normal(scale=0.05, size=(n, *shape, 3))
    found[:, :, shape[1] // 2 :, 0] += 1
    return list(found.astype(np.float32))


def trained(path, images=None, method=METHOD, **options):
    how = {"channel_axis": -1, **HERE, **options}
    return Trainer(images or pictures(), method, path, **how)


def test_a_model_is_the_fit_of_the_run(tmp_path):
    path = tmp_path / "model.safetensors"
    trainer = trained(path).finish()
    one = ss.segment(pictures(), METHOD, channel_axis=-1, **HERE).fit
    found = load_fit(path)
    assert found.method == METHOD
    assert all((found.weights[name] == each).all() for name, each in one.weights.items())
    assert read_progress(path) == 6
    assert trainer.run.stopped.kind == "finished"
    assert trainer.stop_reason == trainer.run.stop_reason != ""


def test_checkpoints_are_models_that_know_how_far_they_are(tmp_path):
    path = tmp_path / "model.safetensors"
    seen = []
    for step in trained(path, every=2):
        seen.append((step.iteration, read_progress(path) if path.exists() else None))
    assert seen == [(0, None), (1, None), (2, 2), (3, 2), (4, 4), (5, 4), (6, 6)]
    assert apply_fit(load_fit(path), pictures()[0], channel_axis=-1, **HERE)[0].shape == (20, 26)


def test_looking_at_a_checkpoint_changes_nothing(tmp_path):
    often, once = (tmp_path / f"{name}.safetensors" for name in "ab")
    trained(often, every=1).finish()
    trained(once, every=100).finish()
    one, other = load_fit(often).weights, load_fit(once).weights
    assert all((one[name] == other[name]).all() for name in one)


def test_resumed_training_goes_on_where_it_ended(tmp_path):
    path = tmp_path / "model.safetensors"
    trainer = trained(path, every=2)
    while next(trainer).iteration < 3:
        pass
    trainer.run.close()
    assert read_progress(path) == 2
    halfway = load_fit(path).weights
    again = trained(path, every=2, resume=True)
    assert again.before == 2
    assert again.run.record()["start"] == weights_hash(halfway)
    steps = [(step.iteration, step.total) for step in again]
    assert steps == [(2, 6), (3, 6), (4, 6), (5, 6), (6, 6)]
    assert load_fit(path).method == METHOD
    assert read_progress(path) == 6
    assert any((halfway[name] != each).any() for name, each in load_fit(path).weights.items())


def test_what_was_trained_to_its_end_is_not_trained_again(tmp_path):
    path = tmp_path / "model.safetensors"
    trained(path).finish()
    with pytest.raises(ValueError, match="has had its 6 iterations: ask for more"):
        trained(path, resume=True)
    longer = trained(path, method=METHOD.replace(iterations=8), resume=True).finish()
    assert longer.before == 6
    assert read_progress(path) == 8


def test_a_model_of_other_parameters_is_not_resumed(tmp_path):
    path = tmp_path / "model.safetensors"
    trained(path).finish()
    with pytest.raises(ValueError, match="trained with other parameters"):
        trained(path, method=METHOD.replace(channels=7), resume=True)


def test_resuming_without_a_model_begins_anew(tmp_path):
    trainer = trained(tmp_path / "model.safetensors", resume=True)
    assert trainer.before == 0
    assert next(trainer).iteration == 0


@pytest.mark.parametrize("beside", [True, False], ids=["other images", "the collection"])
def test_training_ends_when_labels_stay_as_they_are(tmp_path, beside):
    check = pictures(4)[3:] if beside else []
    method = METHOD.replace(iterations=500)
    trainer = trained(
        tmp_path / "model.safetensors", method=method, every=2, check=check, stable=0.8
    ).finish()
    values = list(trainer.stability.values())
    assert min(values[-3:]) >= 0.8
    assert all(min(values[k : k + 3]) < 0.8 for k in range(len(values) - 3))
    assert trainer.run.stopped.kind == "asked"
    assert read_progress(tmp_path / "model.safetensors") < 500


def test_without_a_share_it_is_trained_to_the_end(tmp_path):
    trainer = trained(tmp_path / "model.safetensors", every=1).finish()
    assert list(trainer.stability) == [2, 3, 4, 5]
    assert all(0 <= each <= 1 for each in trainer.stability.values())
    assert trainer.run.stopped.kind == "finished"


def test_bad_requests_are_refused_before_any_work(tmp_path):
    with pytest.raises(ValueError, match="Checkpoints every 0"):
        trained(tmp_path / "model.safetensors", every=0)
    with pytest.raises(ValueError, match="must end in"):
        trained(tmp_path / "model.pt")
    with pytest.raises(FileNotFoundError):
        trained(tmp_path / "nowhere" / "model.safetensors")


KILLED = """
import sys
sys.path.insert(0, {tests!r})
from test_trainer import METHOD, trained
for step in trained({path!r}, method=METHOD.replace(iterations=100_000), every=1):
    print(step.iteration, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_training_leaves_a_whole_model(tmp_path):
    path = tmp_path / "model.safetensors"
    code = KILLED.format(tests=str(Path(__file__).parent), path=str(path))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        for _ in range(5):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    done = read_progress(path)
    assert done >= 3
    again = trained(path, method=METHOD.replace(iterations=done + 3), every=1, resume=True).finish()
    assert again.before == done
    assert read_progress(path) == done + 3


def test_a_fit_of_planes_takes_a_stack_plane_by_plane(tmp_path):
    path = tmp_path / "model.safetensors"
    trained(path).finish()
    fit, stack = load_fit(path), np.stack(pictures())
    labels, record = apply_fit(fit, stack, channel_axis=-1, name="stack", **HERE)
    each = [fit.predict(one, channel_axis=-1, **HERE) for one in stack]
    np.testing.assert_array_equal(labels, np.stack(each))
    assert record["fitted"] == METHOD.as_dict()
    assert record["images"][0]["name"] == "stack"


def test_masks_and_superpixels_of_a_stack_go_with_their_planes(tmp_path):
    path = tmp_path / "model.safetensors"
    trained(path).finish()
    fit, stack = load_fit(path), np.stack(pictures())
    mask = np.ones(stack.shape[:3], bool)
    mask[1, :5] = False
    pieces = np.repeat(np.arange(1, 14), 2)[None, None] * np.ones((3, 20, 1), int)
    labels, _ = apply_fit(fit, stack, channel_axis=-1, mask=mask, superpixels=pieces, **HERE)
    assert (labels == 0).sum() == 5 * 26
    assert not labels[1, :5].any()
    assert all(len(np.unique(labels[0][pieces[0] == k])) == 1 for k in range(1, 14))
