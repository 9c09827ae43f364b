"""Which ways a run took stands in its record, and is taken again."""

import numpy as np
import pytest
import torch

import napari_selfseg as ss
from napari_selfseg import record
from napari_selfseg.convolving import choice, convolve, recording_ways, replaying_ways
from napari_selfseg.convolving.choice import Kind
from napari_selfseg.convolving.ways import SETTING, WAYS

KIND = Kind(2, 3, 1, 4, 5, alone=True)
pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="without oneDNN")


@pytest.fixture(autouse=True)
def _timed(monkeypatch):
    monkeypatch.delenv(SETTING, raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def taken(monkeypatch):
    """The names of the ways that are taken, in order."""
    names = []
    for name, way in WAYS.items():
        monkeypatch.setitem(
            WAYS, name, lambda *a, name=name, way=way: names.append(name) or way(*a)
        )
    choice.works.cache_clear()
    yield names
    choice.works.cache_clear()


def learn():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn((1, 4, 9, 8), generator=generator)
    weight = torch.randn((5, 4, 3, 3), generator=generator).requires_grad_()
    convolve(x, weight).sum().backward()


@pytest.mark.parametrize("way", WAYS)
def test_what_is_taken_is_noted_by_the_name_of_its_layer(way, monkeypatch):
    monkeypatch.setattr(choice, "chosen", lambda kind: way)
    with recording_ways({}) as _, recording_ways(notes := {}):
        learn()
    assert notes == {"2-D, 4 to 5, size 3, stride 1, one thread": way}


def test_what_is_forced_is_noted_as_well(monkeypatch):
    monkeypatch.setenv(SETTING, "contiguous")
    with recording_ways(notes := {}), replaying_ways({str(KIND): "products"}):
        learn()
    assert notes == {str(KIND): "contiguous"}


@pytest.mark.parametrize("way", WAYS)
def test_the_way_of_a_record_is_taken_whatever_is_fastest_here(way, taken, monkeypatch):
    monkeypatch.setattr(choice, "chosen", lambda kind: pytest.fail("timed"))
    with replaying_ways({str(KIND): way}):
        learn()
    assert taken[-1] == way


@pytest.mark.parametrize("broken", [RuntimeError, AttributeError, None])
def test_a_way_that_is_not_there_is_said_in_a_sentence(broken, taken, monkeypatch):
    def fails(*_):
        raise broken

    recorded = "products" if broken else "by magic"
    if broken:
        monkeypatch.setitem(WAYS, "products", fails)
    monkeypatch.setattr(choice, "chosen", lambda kind: "contiguous")
    with (
        replaying_ways({str(KIND): recorded}),
        recording_ways(notes := {}),
        pytest.warns(UserWarning, match="labels may differ"),
    ):
        learn()
    assert taken[-1] == "contiguous"
    assert notes == {str(KIND): "contiguous"}


def test_threads_have_no_way_that_is_for_one_alone():
    assert choice.works(KIND, "onednn-products") == choice.works(
        KIND._replace(alone=True), "onednn-products"
    )
    assert not choice.works(KIND._replace(alone=False), "onednn-products")
    assert choice.works(KIND._replace(alone=False), "channels-last")


@pytest.mark.parametrize("way", ["products", "contiguous"])
def test_a_replay_takes_the_ways_of_the_record(way, monkeypatch):
    image = np.random.default_rng(0).random((24, 20, 3))
    method = ss.Backprop(channels=6, iterations=3, min_labels=1)
    how = {"channel_axis": -1, "device": "cpu", "precision": "float32", "threads": 1}
    monkeypatch.setattr(choice, "chosen", lambda kind: way)
    run = ss.segment(image, method, **how)
    found = record.loads(record.dumps(run.record()))
    assert set(found["ways"].values()) == {way}
    assert "2-D, 6 to 6, size 3, stride 1, one thread" in found["ways"]
    other = "contiguous" if way == "products" else "products"
    monkeypatch.setattr(choice, "chosen", lambda kind: other)
    used = []
    monkeypatch.setattr(choice, "record_way", lambda kind, name: used.append(name))
    assert np.array_equal(ss.replay(found, image), run.labels())
    assert set(used) == {way}


def test_a_record_of_before_has_no_ways():
    image = np.random.default_rng(0).random((24, 20, 3))
    how = {"channel_axis": -1, "device": "cpu", "precision": "float32", "threads": 1}
    run = ss.segment(image, ss.Backprop(channels=6, iterations=2, min_labels=1), **how)
    old = {key: value for key, value in run.record().items() if key != "ways"}
    assert np.array_equal(ss.replay(old, image), run.labels())
