"""Steps that do not wait for the host, and methods on a graphics card."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import napari_selfseg as ss
from napari_selfseg.metrics import adjusted_rand_index, contingency

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
METHODS = ("backprop", "continuity", "dic", "dsc", "deepcut", "sgseg")
SMALL = {
    "channels": 8,
    "width": 6,
    "n_clusters": 8,
    "n_centres": 6,
    "n_superpixels": 8,
    "patch_size": 16,
    "batch_size": 2,
}
# Whether few labels are left is read as a number, an iteration late.
LATE = {"backprop": 1, "continuity": 1, "dic": 1, "dsc": 1, "deepcut": 1}

needs_card = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA card")


@pytest.fixture
def image():
    y, x = np.mgrid[:48, :56]
    rng = np.random.default_rng(0)
    found = rng.normal(0.5, 0.03, (48, 56, 3))
    found[(y - 20) ** 2 + (x - 20) ** 2 < 150] += (0.4, 0, -0.4)
    found[(y - 30) ** 2 + (x - 40) ** 2 < 120] += (-0.4, 0.4, 0)
    return found


@pytest.fixture
def bench(monkeypatch):
    """The benchmark's own methods and counting."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import _synchronisations
    import gpu

    return gpu, _synchronisations


def waits(bench, image, name, device):
    gpu, counting = bench
    method = gpu.method(name, 100, **SMALL)
    run = ss.evolve(image, method, channel_axis=-1, device=device, precision="float32", threads=1)
    for _ in range(3):
        next(run)
    found = counting.waits_a_step(run, 4)
    run.close()
    return found


@pytest.mark.parametrize("name", METHODS)
def test_no_step_reads_a_number_but_that_of_the_step_before(name, bench, image):
    assert waits(bench, image, name, "cpu")["aten::_local_scalar_dense"] == LATE.get(name, 0)


def test_what_reads_a_number_is_counted(bench):
    def reading():
        while True:
            float(torch.ones(3).sum())
            yield bool(torch.ones(()))

    assert bench[1].waits_a_step(reading(), 3)["aten::_local_scalar_dense"] == 2


def test_the_counters_of_an_optimiser_are_none(bench):
    def learning():
        weight = torch.ones(3, requires_grad=True)
        optimiser = torch.optim.Adam([weight])
        while True:
            weight.sum().backward()
            yield optimiser.step()

    assert bench[1].waits_a_step(learning(), 3)["aten::_local_scalar_dense"] == 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card")
def test_without_a_card_the_benchmark_says_so():
    command = [sys.executable, str(BENCHMARKS / "gpu.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no NVIDIA card" in done.stdout


def test_the_benchmark_can_be_tried_without_a_card(bench, image, monkeypatch, capsys, tmp_path):
    gpu, _ = bench
    monkeypatch.setattr(gpu, "_image", lambda: image)
    words = [
        "--device",
        "cpu",
        "--methods",
        "backprop",
        "deepcut",
        "--iterations",
        "3",
        "--steps",
        "2",
        "--seeds",
        "2",
    ]
    words += ["--values", '{"channels": 6, "n_clusters": 4}', "--out", str(tmp_path / "rows")]
    monkeypatch.setattr(sys, "argv", ["gpu.py", *words])
    gpu.main()
    rows = [gpu.json.loads(line) for line in (tmp_path / "rows").read_text().splitlines()]
    assert [row["method"] for row in rows] == ["backprop", "deepcut"]
    for row in rows:
        assert row["agreement"] == [1.0, 1.0]
        assert row["within_spread"]
        assert row["seconds"] > 0
        assert row["megabytes"] > 0
    assert rows[0]["agreement_of_seeds"][0] < 1
    assert "backprop" in capsys.readouterr().out


@pytest.mark.gpu
@needs_card
@pytest.mark.parametrize("name", METHODS)
def test_no_step_waits_for_the_card(name, bench, image):
    found = waits(bench, image, name, "cuda")
    assert found["aten::_local_scalar_dense"] <= LATE.get(name, 0)
    assert found["cudaStreamSynchronize"] <= LATE.get(name, 0)


@pytest.mark.gpu
@needs_card
@pytest.mark.parametrize("name", METHODS)
def test_labels_of_the_card_are_those_of_the_processor_as_far_as_seeds_are(name, bench, image):
    gpu, _ = bench

    def made(seed, device):
        method = gpu.method(name, 20, **SMALL, seed=seed)
        how = {"channel_axis": -1, "precision": "float32", "threads": 1}
        return ss.segment(image, method, device=device, **how).labels()

    def agreement(one, two):
        return adjusted_rand_index(contingency(one, two))

    seeds = [made(seed, "cpu") for seed in range(3)]
    spread = min(agreement(seeds[a], seeds[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    assert np.mean([agreement(made(s, "cuda"), seeds[s]) for s in range(3)]) >= spread
