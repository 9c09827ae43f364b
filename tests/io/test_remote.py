"""OME-Zarr on a server: read as from a disk, tried again, and one sentence where it ends."""

import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import zarr

import napari_selfseg as ss
from napari_selfseg.cli import main
from napari_selfseg.io import RemoteError, open_image, open_labels, read_image
from napari_selfseg.io._zarr import _zarr_remote
from napari_selfseg.io._zarr._zarr_remote import address_of
from napari_selfseg.scale import Source, work_folder
from napari_selfseg.scale._tiles import _tile_work as tile_work

pytest.importorskip("aiohttp")
pytest.importorskip("fsspec")

METHOD = ["--method", "backprop", "--iterations", "2", "--channels", "6", "--min-labels", "1"]
TILES = [*METHOD, "--threads", "1", "--device", "cpu", "--tile", "32", "--samples", "2"]
TILES += ["--sample-size", "32"]
SHAPE = (96, 128)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(_zarr_remote, "WAITS", (0.01, 0.01))


class Server:
    """A server of a folder; after `lasts` requests it breaks all of them off."""

    def __init__(self, folder):
        self.asked, self.lasts, self.busy, self._port = [], None, 0, 0
        self._folder = folder
        self.start()

    def start(self):
        this = self

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self):
                this.asked.append(self.path)
                if this.lasts is not None and len(this.asked) > this.lasts:
                    self.connection.close()
                elif this.busy:
                    this.busy -= 1
                    self.send_error(503)
                else:
                    super().do_GET()

            def log_message(self, *given):
                pass

            def finish(self):
                if not self.wfile.closed and self.connection.fileno() >= 0:
                    super().finish()

        handler = partial(Handler, directory=str(self._folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), handler)
        self._port, self.lasts = self._server.server_port, None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def end(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def address(self, name):
        return f"http://127.0.0.1:{self._port}/{name}"


@pytest.fixture
def served(tmp_path):
    make(tmp_path / "image.ome.zarr")
    server = Server(tmp_path)
    yield server
    server.end()


def picture():
    rows, columns = np.indices(SHAPE) / 9
    waves = np.sin(rows) + np.cos(columns)
    noise = np.random.default_rng(0).normal(scale=12, size=SHAPE)
    return (120 + 50 * waves + noise).clip(1, 255).astype(np.uint8)


def make(path, **layout):
    group = zarr.open_group(str(path), mode="w", zarr_format=3)
    layout = {"chunks": (32, 32), **layout}
    group.create_array("0", data=picture(), dimension_names=("y", "x"), **layout)
    scale = [{"type": "scale", "scale": [0.5, 0.25]}]
    axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
    levels = [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}]
    group.update_attributes({"ome": {"version": "0.5", "multiscales": levels}})


@pytest.mark.parametrize("part", ["", "/", "/0"])
def test_it_is_read_as_from_a_disk(served, tmp_path, part):
    address = served.address(f"image.ome.zarr{part}")
    found, known = open_image(address), read_image(tmp_path / "image.ome.zarr")
    assert (found.spacing, found.unit, found.axes) == ((0.5, 0.25), "µm", "yx")
    assert found.measure == known.measure
    assert found.name == address.rstrip("/")
    before = len(served.asked)
    np.testing.assert_array_equal(found.data[40:60, 70:90], known.data[40:60, 70:90])
    assert len(served.asked) == before + 1
    np.testing.assert_array_equal(read_image(address).data, known.data)


def test_a_busy_server_is_asked_again(served):
    served.busy = 2
    np.testing.assert_array_equal(read_image(served.address("image.ome.zarr")).data, picture())
    image = open_image(served.address("image.ome.zarr"))
    served.busy = 3
    with pytest.raises(RemoteError, match=r"^http://127\S+ is refused|does not answer.*503"):
        image.data[:8, :8]


def test_what_is_no_image_is_one_sentence(served, tmp_path):
    (tmp_path / "notes").mkdir()
    with pytest.raises(ValueError, match=r"^http://127\S+/notes is no zarr image"):
        open_image(served.address("notes"))
    with pytest.raises(ValueError, match=r"Nothing can be written to http://127\S+/image.ome.zarr"):
        ss.io.labels_in(served.address("image.ome.zarr"), "cells")


def test_shards_need_a_server_that_sends_parts(served, tmp_path):
    make(tmp_path / "sharded.zarr", shards=(96, 128))
    image = open_image(served.address("sharded.zarr"))
    with pytest.raises(RemoteError, match=r"in whole files only, and its chunks lie in shards"):
        image.data[:8, :8]


def test_a_server_that_ends_is_one_sentence_and_resumed(served, tmp_path, capsys):
    address, local = served.address("image.ome.zarr"), str(tmp_path / "image.ome.zarr")
    assert main(["segment", local, "-o", str(tmp_path / "local.ome.zarr"), *TILES]) == 0
    labels, words = tmp_path / "labels.ome.zarr", ["segment", address, *TILES, "--resume"]
    words += ["-o", str(labels)]
    predict, predicted, ended = tile_work._predict, [], []

    def counting(plan, number):
        if len(predicted) == 4 and not ended:
            ended.append(number)
            served.lasts = 0
        found = predict(plan, number)
        predicted.append(number)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tile_work, "_predict", counting)
        capsys.readouterr()
        assert main(words) == 2
        said = capsys.readouterr().err.splitlines()
        assert said[-1].startswith(f"napari-selfseg: {address}")
        assert "does not answer" in said[-1]
        assert "4 of 12 tiles are done and stay: resume." in said[-1]
        assert "Traceback" not in "".join(said)
        served.end()
        assert main(words) == 2
        served.start()
        assert main(words) == 0
    assert sorted(predicted) == list(range(12))
    np.testing.assert_array_equal(
        open_labels(labels)[:], open_labels(tmp_path / "local.ome.zarr")[:]
    )
    assert ss.read_record(labels)["images"][0]["name"] == address
    assert (Path(work_folder(str(labels))) / "finished").exists()


def test_a_batch_takes_addresses(served, tmp_path):
    recipe = ss.Recipe(ss.Backprop(iterations=2, channels=6, min_labels=1), precision="float32")
    how = {"device": "cpu", "threads": 1}
    addresses = [served.address(name) for name in ("image.ome.zarr", "none.zarr")]
    made = ss.Batch(addresses, recipe, tmp_path / "out", **how).finish()
    assert [each.state for each in made.entries] == ["done", "failed"]
    assert [each.image for each in made.entries] == addresses
    assert "is no zarr image" in made.entries[1].error
    whole = ss.segment(picture(), recipe.method, spacing=(0.5, 0.25), precision="float32", **how)
    np.testing.assert_array_equal(read_image(made.entries[0].target).data, whole.labels())


def test_an_array_over_http_of_another_library_is_one_sentence():
    class Afar:
        shape, ndim = SHAPE, 2

        def __getitem__(self, box):
            raise KeyError("0.0") from ConnectionRefusedError(111, "Connection refused")

    with pytest.raises(RemoteError, match=r"The server .* does not answer \(Connection refused\)"):
        Source(Afar(), None).read((slice(0, 4), slice(0, 4)), 2)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("https://a.b/c.zarr", "https://a.b/c.zarr"),
        (Path("http://a.b/c.zarr"), "http://a.b/c.zarr"),
        ("HTTP:/a.b/c", "http://a.b/c"),
        ("data/http.zarr", None),
        (Path("/data/https:"), None),
        ("http:", None),
        (np.zeros(3), None),
    ],
)
def test_what_an_address_is(path, address):
    assert address_of(path) == address


def test_what_is_missing_is_named(served, monkeypatch):
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(ValueError, match=r"read by fsspec and aiohttp: pip install"):
        open_image(served.address("image.ome.zarr"))
