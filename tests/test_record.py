"""Records survive JSON, know their image, and say what is wrong with them."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import tracemalloc
import zlib

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.lib import format as npy

import napari_selfseg as ss
from napari_selfseg import record
from napari_selfseg.replaying import as_script, replay
from napari_selfseg.scale import Recipe

relaxed = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
NUMBERS = st.sampled_from([np.bool_, np.uint8, np.int32, np.int64, np.float32, np.float64])
ARRAYS = NUMBERS.flatmap(lambda dtype: npst.arrays(dtype, npst.array_shapes(max_side=4)))
IMAGE = np.arange(12, dtype=np.uint16).reshape(3, 4)


@pytest.fixture(scope="module")
def made():
    image = np.random.default_rng(0).random((12, 14))
    method = ss.Backprop(iterations=2, channels=4, variant="continuity")
    options = {"device": "cpu", "threads": 1, "precision": "float32"}
    return image, ss.segment(image, method, name="plane", **options)


def test_a_record_says_that_it_is_of_a_cut(made):
    found = made[1].record()
    assert "cut" not in found
    assert record.with_cut(found, 12) == {**found, "cut": {"n_segments": 12}}
    slic = ss.Slic().as_dict()
    with_pieces = record.with_cut(found, 12, slic)
    assert with_pieces["cut"] == {"n_segments": 12, "superpixels": slic}
    assert record.loads(record.dumps(with_pieces)) == with_pieces


@relaxed
@given(ARRAYS)
def test_packed_arrays_come_back(array):
    again = record.unpack(json.loads(json.dumps(record.pack(array))))
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    assert again.tobytes() == array.tobytes()


def test_packing_runs_no_code():
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        record.pack(np.array([object()]))


WHOLE = record.pack(IMAGE)
DAMAGED = [
    {},
    {"encoding": record.PACKED},
    {**WHOLE, "data": ""},
    {**WHOLE, "data": WHOLE["data"][:-8]},
    {**WHOLE, "data": WHOLE["data"][:12] + "A" * 8 + WHOLE["data"][20:]},
    {**WHOLE, "data": "é"},
    {**WHOLE, "data": None},
    {**WHOLE, "data": 7},
]


@pytest.mark.parametrize("damaged", DAMAGED)
def test_damaged_array_is_a_sentence(damaged):
    with pytest.raises(ValueError, match=r"An array inside the record is damaged: ."):
        record.unpack(damaged)


@relaxed
@given(st.integers(0, len(WHOLE["data"]) - 1))
def test_array_cut_anywhere_is_damaged(length):
    with pytest.raises(ValueError, match="damaged"):
        record.unpack({**WHOLE, "data": WHOLE["data"][:length]})


def bomb(shape, ones=20_000_000):
    """Pack what claims one shape and holds more."""
    head = io.BytesIO()
    npy.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": shape})
    packed = zlib.compress(head.getvalue() + b"\1" * ones)
    return {"encoding": record.PACKED, "data": base64.b64encode(packed).decode()}


@pytest.mark.parametrize("claimed", [(3, 4), (20_000_000,), (10**12, 10**6), (-1, 4), (3, 4, 0)])
def test_what_is_packed_is_not_unpacked_beyond_the_image(claimed):
    packed = bomb(claimed)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"An array inside the record is damaged: ."):
        record.unpack(packed, (3, 4))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_what_is_packed_is_at_most_what_it_claims():
    with pytest.raises(ValueError, match="not of the shape"):
        record.unpack(bomb((3, 4)))


def test_packed_objects_are_refused():
    head = io.BytesIO()
    npy.write_array_header_1_0(head, {"descr": "|O", "fortran_order": False, "shape": (3,)})
    data = base64.b64encode(zlib.compress(head.getvalue())).decode()
    with pytest.raises(ValueError, match="it holds object"):
        record.unpack({"encoding": record.PACKED, "data": data})


@pytest.mark.parametrize("key", ["superpixels", "mask", "scribbles"])
def test_replay_unpacks_no_more_than_the_image(made, key):
    image, run = made
    found = record.loads(record.dumps({**run.record(), key: [bomb((20_000_000,))]}))
    with pytest.raises(ValueError, match=r"its shape is \(20000000,\), and that of the image"):
        replay(found, image)


PLACES = ["images", "software", "channel_axis", "iterations", "shown", "stop", "mask", "spacing"]
OTHERS = ["x", {"a": 1}, [[]], -5, 1e308, True, {"shape": "x"}, [None, 3], "x" * 4000]


@pytest.mark.parametrize("key", PLACES)
@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_another_type_anywhere_is_a_sentence(made, key, other):
    image, run = made
    text = json.dumps({**json.loads(record.dumps(run.record())), key: other})
    for use in (lambda found: replay(found, image), as_script, Recipe.from_record):
        with contextlib.suppress(ValueError):
            use(record.loads(text))


def test_a_record_says_where_it_is_damaged(made):
    found = {**made[1].record(), "iterations": "many"}
    with pytest.raises(ValueError, match=r"^The record is damaged: iterations: input should be"):
        record.check_record(found)


def test_record_round_trip(made):
    found = made[1].record()
    again = record.loads(record.dumps({**found, "mask": [IMAGE > 3, None]}))
    np.testing.assert_array_equal(record.unpack(again["mask"][0]), IMAGE > 3)
    assert again["mask"][1] is None
    assert {**again, "mask": None} == {**found, "mask": None}


def test_record_is_plain_ascii(made):
    found = made[1].record()
    images = [{**found["images"][0], "name": "Zellkern µm \x00 <&"}]
    text = record.dumps({**found, "images": images})
    assert text.isascii()
    assert record.loads(text)["images"][0]["name"] == "Zellkern µm \x00 <&"


def test_what_is_not_plain_is_refused():
    with pytest.raises(TypeError, match="object cannot be written into a record"):
        record.dumps({"method": object()})


@pytest.mark.parametrize("key", ["channel_axis", "threads"])
def test_numbers_of_numpy_are_recorded(key):
    options = {"device": "cpu", "precision": "float32", "channel_axis": 1, "threads": 1}
    method = ss.Backprop(iterations=1, channels=4, variant="continuity")
    image = np.random.default_rng(0).random((8, 2, 9))
    run = ss.segment(image, method, **{**options, key: np.int64(1)})
    assert record.loads(record.dumps(run.record()))[key] == 1


@pytest.mark.parametrize("text", ["", "{", "[1", "nonsense", '{"method": '])
def test_text_that_is_no_json_is_a_sentence(text):
    with pytest.raises(ValueError, match=r"The record cannot be read: ."):
        record.loads(text)


@pytest.mark.parametrize("text", ["null", "3", '"method"', "[]", "{}", '["method"]'])
def test_json_that_is_no_record_is_a_sentence(text):
    with pytest.raises(ValueError, match=r"The record is not complete: method, .* missing"):
        record.loads(text)


def test_every_key_of_a_record_is_needed_or_not_missed(made):
    """A record without one of its keys is refused in a sentence, or still replays."""
    image, run = made
    whole = json.loads(record.dumps(run.record()))
    for key in whole:
        cut = {name: value for name, value in whole.items() if name != key}
        try:
            labels = ss.replay(record.loads(json.dumps(cut)), image)
        except ValueError as error:
            assert key in str(error)  # noqa: PT017 - either end is right
        else:
            np.testing.assert_array_equal(labels, run.labels())


def test_the_image_is_recognised():
    record.check_image(IMAGE.copy(), record.fingerprint(IMAGE, "cells"))
    record.check_image(IMAGE[:, ::2], record.fingerprint(IMAGE[:, ::2].copy(), ""))
    record.check_image(IMAGE.tolist(), record.fingerprint(IMAGE.astype(np.int64), ""))


@pytest.mark.parametrize(
    ("other", "word"),
    [
        (IMAGE.reshape(4, 3), "shape"),
        (IMAGE[:2], "shape"),
        (IMAGE.astype(np.uint8), "data type"),
        (IMAGE.astype(">u2"), "data type"),
        (IMAGE + 1, "content"),
        (IMAGE[::-1], "content"),
        (np.where(IMAGE == 11, 12, IMAGE).astype(np.uint16), "content"),
    ],
)
def test_another_image_is_refused_in_a_sentence(other, word):
    expected = record.fingerprint(IMAGE, "cells")
    with pytest.raises(ValueError, match=rf"not the image of the record \(cells\): its {word} is"):
        record.check_image(other, expected)


def test_unnamed_image_is_called_so():
    with pytest.raises(ValueError, match=r"record \(unnamed\)"):
        record.check_image(IMAGE[:1], record.fingerprint(IMAGE, ""))


def test_hash_of_weights_sees_names_and_numbers():
    weights = {"a": torch.ones(2), "b": torch.zeros(3)}
    first = record.weights_hash(weights)
    assert record.weights_hash(dict(reversed(weights.items()))) == first
    assert record.weights_hash({"a": weights["a"], "c": weights["b"]}) != first
    assert record.weights_hash({**weights, "b": torch.tensor([0, 0, 1e-7])}) != first


def test_software_names_what_a_result_depends_on():
    found = record.software()
    # PyPI's build for CUDA says which only in the module: 2.13.0, and there 2.13.0+cu130.
    assert found["torch"].partition("+")[0] == torch.__version__.partition("+")[0]
    assert found["napari-selfseg"] == ss.__version__
    assert {"python", "numpy", "scikit-image", "scipy", "platform"} <= set(found)


def test_record_says_all_that_is_needed_again(made):
    found = made[1].record(1)
    assert found["method"] == made[1].method.as_dict()
    assert found["images"] == [record.fingerprint(made[0], "plane")]
    assert (found["iterations"], found["shown"]) == (2, 1)
    assert found["stop"] == {"kind": "finished", "sentence": "All 2 iterations are done."}
    settings = {"device": "cpu", "threads": 1, "precision": "float32", "start": None}
    assert found.items() >= settings.items()


class Watched:
    """An array that keeps how many bytes each reading took."""

    def __init__(self, array):
        self.shape, self.dtype, self._array, self.read = array.shape, array.dtype, array, []

    def __getitem__(self, key):
        self.read.append(self._array[key].nbytes)
        return self._array[key]


@pytest.mark.parametrize("piece", [2, 8, 50, 240, 1000, 1 << 20])
def test_a_fingerprint_does_not_depend_on_how_much_is_read_at_once(monkeypatch, piece):
    array = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)
    whole = record.fingerprint(array.tolist(), "")["sha256"]
    assert whole != record.fingerprint(array, "")["sha256"], "test invalid: of another type"
    expected = record.fingerprint(array, "stack")
    monkeypatch.setattr("napari_selfseg.record._record.PIECE", piece)
    watched = Watched(array)
    assert record.fingerprint(watched, "stack") == expected
    assert max(watched.read) <= piece
    assert sum(watched.read) == array.nbytes
