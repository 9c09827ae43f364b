"""The fastest way is timed once and kept."""

from __future__ import annotations

import json
import time

import pytest
import torch

from napari_selfseg.convolving import PRECISION_SETTING, SETTING, bfloat16_pays, convolve
from napari_selfseg.convolving import choice as choosing
from napari_selfseg.convolving import precision as deciding
from napari_selfseg.convolving.choice import Kind, chosen, fastest

KIND = Kind(ndim=2, size=3, stride=1, seen=3, made=4, alone=True)


@pytest.fixture(autouse=True)
def forgotten():
    """Forget what this process knows, before and after."""
    for each in (chosen, deciding._known):
        each.cache_clear()
    yield
    for each in (chosen, deciding._known):
        each.cache_clear()


def work(seconds):
    """Keep the processor busy: what waits takes no time here."""
    begin = time.thread_time()
    while time.thread_time() - begin < seconds:
        pass


def taking(seconds, value=1.0):
    def way():
        work(seconds)
        return torch.full((3,), value)

    return way


def test_the_fastest_is_taken():
    assert fastest({"first": taking(0.03), "slow": taking(0.05), "fast": taking(0.005)}) == "fast"


def test_the_first_is_taken_unless_another_is_clearly_faster():
    assert fastest({"first": taking(0.050), "hardly": taking(0.048)}) == "first"


def test_waiting_for_other_programs_does_not_count():
    def interrupted():
        time.sleep(0.03)
        return taking(0.005)()

    assert fastest({"first": taking(0.02), "fast": interrupted}) == "fast"


def test_what_finds_something_else_is_not_taken():
    ways = {"first": taking(0.03), "wrong": taking(0, 1.1), "none": taking(0, torch.nan)}
    assert fastest(ways) == "first"


@pytest.mark.parametrize("error", [RuntimeError, AttributeError, NotImplementedError])
def test_what_fails_is_not_taken(error):
    def failing():
        raise error("not on this processor")

    assert fastest({"first": taking(0.01), "failing": failing}) == "first"


def test_what_is_far_slower_is_tried_no_more():
    calls = []

    def slow():
        calls.append(1)
        work(0.05)
        return torch.ones(3)

    fastest({"first": taking(0.005), "slow": slow})
    assert len(calls) == 2, "once to compare, once to time"


def small(monkeypatch):
    """Make trials on small pictures."""
    for name in ("LEAST", "MOST"):
        monkeypatch.setattr(choosing, name, {2: 8, 3: 4})


@pytest.fixture
def answer(monkeypatch, tmp_path):
    """Count the trials, which find the last way the fastest."""
    tried = []

    def last(ways):
        tried.append(1)
        return list(ways)[-1]

    monkeypatch.setattr(choosing, "fastest", last)
    monkeypatch.setattr(
        "napari_selfseg.machine.disk_cache.default_folder", lambda: tmp_path / "kept"
    )
    small(monkeypatch)
    return tried


def test_what_was_timed_is_kept_for_other_processes(answer, tmp_path):
    assert chosen(KIND) == "onednn-products"
    chosen.cache_clear()
    assert chosen(KIND) == "onednn-products"
    assert len(answer) == 1
    (file,) = (tmp_path / "kept").iterdir()
    question = json.loads(file.read_text())["question"]
    assert question["torch"] == torch.__version__
    assert question["weight gradient"]["size"] == 3


def test_several_threads_make_no_products_in_small_pieces(answer):
    assert chosen(KIND._replace(alone=False)) == "contiguous"


def test_it_is_timed_anew_for_what_matters(answer, monkeypatch):
    chosen(KIND)
    others = {"ndim": 3, "size": 1, "stride": 2, "seen": 5, "made": 5, "alone": False}
    for name, value in others.items():
        chosen(KIND._replace(**{name: value}))
    assert len(answer) == 7
    for setting in ("ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY"):
        monkeypatch.setenv(setting, "AVX2")
        chosen.cache_clear()
        chosen(KIND)
    assert len(answer) == 9


def test_an_unknown_answer_is_as_good_as_none(answer, tmp_path):
    chosen(KIND)
    (file,) = (tmp_path / "kept").iterdir()
    for content in ('{"answer": "by magic"}', '{"answer": [1]}', "", "[]"):
        file.write_text(content)
        chosen.cache_clear()
        assert chosen(KIND) == "onednn-products"
    assert len(answer) == 5


def test_a_layer_takes_the_way_that_was_found(answer, monkeypatch):
    """And only where nothing else is asked for."""
    x, weight = torch.randn(1, 3, 8, 8), torch.randn(4, 3, 3, 3, requires_grad=True)
    convolve(x, weight).sum().backward()
    assert not answer
    monkeypatch.setenv(SETTING, "timed")
    convolve(x, weight).sum().backward()
    assert len(answer) == 1


def test_a_trial_draws_from_no_generator_of_the_process(monkeypatch):
    small(monkeypatch)
    before = torch.get_rng_state()
    chosen(KIND)
    deciding.tried()
    assert torch.equal(torch.get_rng_state(), before)


def steps(monkeypatch, wide, narrow, apart=0.0):
    """Pretend how long steps take, and how far apart their gradients are."""

    def gradient(dtype):
        work(wide if dtype == torch.float32 else narrow)
        return torch.full((4,), 1.0 if dtype == torch.float32 else 1.0 + apart)

    monkeypatch.setattr(deciding, "_gradient", gradient)


@pytest.mark.parametrize(
    ("wide", "narrow", "apart", "pays"),
    [
        (0.03, 0.01, 0.02, True),
        (0.03, 0.028, 0.0, False),
        (0.01, 0.05, 0.0, False),
        (0.03, 0.01, 0.5, False),
        (0.03, 0.01, torch.nan, False),
    ],
)
def test_bfloat16_pays_where_it_is_clearly_faster_and_right(monkeypatch, wide, narrow, apart, pays):
    monkeypatch.setenv(PRECISION_SETTING, "timed")
    steps(monkeypatch, wide, narrow, apart)
    assert bfloat16_pays() is pays


def test_where_bfloat16_fails_float32_is_taken_and_one_sentence_says_so(monkeypatch):
    monkeypatch.setenv(PRECISION_SETTING, "timed")
    asked = []

    def gradient(dtype):
        asked.append(dtype)
        if dtype == torch.bfloat16:
            raise RuntimeError("could not create a primitive descriptor\nand a trace")
        return torch.ones(4)

    monkeypatch.setattr(deciding, "_gradient", gradient)
    said = "Training is in float32, as bfloat16 fails: could not create a primitive descriptor$"
    with pytest.warns(UserWarning, match=said):
        assert not bfloat16_pays()
    deciding._known.cache_clear()
    assert not bfloat16_pays(), "kept, and not said again"
    assert len(asked) == 2


def test_what_pays_is_tried_once(monkeypatch):
    monkeypatch.setenv(PRECISION_SETTING, "timed")
    tried = []
    monkeypatch.setattr(deciding, "tried", lambda: not tried.append(1))
    assert bfloat16_pays()
    deciding._known.cache_clear()
    assert bfloat16_pays()
    assert len(tried) == 1


def test_the_environment_decides_instead(monkeypatch):
    monkeypatch.setattr(deciding, "tried", pytest.fail)
    for setting, pays in (("bfloat16", True), ("float32", False)):
        monkeypatch.setenv(PRECISION_SETTING, setting)
        assert bfloat16_pays() is pays
    monkeypatch.setenv(PRECISION_SETTING, "float16")
    with pytest.raises(ValueError, match="There is no NAPARI_SELFSEG_AUTO_PRECISION=float16: use"):
        bfloat16_pays()


def test_the_step_that_is_tried_has_gradients_that_agree():
    one, two = (deciding._gradient(dtype) for dtype in (torch.float32, torch.bfloat16))
    assert 0 < (one - two).norm() / one.norm() < deciding.APART / 2


@pytest.mark.parametrize(("threads", "alone"), [(1, True), (2, False)])
def test_one_thread_and_several_are_timed_apart(threads, alone, monkeypatch):
    kinds = []
    monkeypatch.delenv(SETTING, raising=False)
    monkeypatch.setattr(choosing, "chosen", lambda kind: kinds.append(kind) or "channels-last")
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    choosing.way_for(torch.zeros((1, 3, 8, 8)), torch.zeros((1, 5, 8, 8)), 3, 1)
    assert [kind.alone for kind in kinds] == [alone]
