"""Images larger than memory from the command line."""

import re
import signal
from argparse import ArgumentTypeError

import numpy as np
import psutil
import pytest
import tifffile
import zarr
from PIL import Image

import napari_selfseg as ss
from napari_selfseg.cli import main
from napari_selfseg.cli._options._tile_options import size_of
from napari_selfseg.io import alone, open_labels
from napari_selfseg.scale import load_plan
from napari_selfseg.scale._tiles import _tile_work as tile_work

QUICK = ["--iterations", "2", "--channels", "6", "--min-labels", "1", "--threads", "1"]
METHOD = ["--method", "backprop", *QUICK, "--device", "cpu"]


def picture():
    rng = np.random.default_rng(0)
    rows, columns = np.indices((70, 90)) / 9
    waves = np.stack([np.sin(rows), np.cos(columns), np.sin(rows + columns)], axis=-1)
    return (120 + 60 * waves + rng.normal(scale=12, size=(70, 90, 3))).clip(1, 255).astype(np.uint8)


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, picture(), tile=(32, 32), photometric="rgb")
    return str(path)


@pytest.fixture
def model(tmp_path):
    path = str(tmp_path / "model.safetensors")
    method = ss.Backprop(iterations=2, channels=6, min_labels=1)
    fit = ss.segment(picture(), method, channel_axis=-1, device="cpu", threads=1).fit
    ss.save_fit(fit, path)
    return path


def whole(model):
    return ss.load_fit(model).predict(picture(), channel_axis=-1, device="cpu", threads=1)


def test_an_image_in_tiles_within_memory(image, tmp_path, capsys):
    held = psutil.Process().memory_info().rss
    out = str(tmp_path / "labels.ome.zarr")
    how = ["--memory", "20GB", "--samples", "2", "--sample-size", "32"]
    assert main(["segment", image, "-o", out, *METHOD, *how]) == 0
    found = open_labels(out)[:]
    assert found.shape == (70, 90)
    assert found.min() > 0
    said = capsys.readouterr().err
    assert "1 tile of 128 x 128 pixels: about" in said
    assert "where tiles meet" not in said
    memory, unit = re.search(r"and ([\d.]+) (MB|GB) for one worker", said).groups()
    in_all = float(memory) * {"MB": 1e6, "GB": 1e9}[unit]
    assert in_all > 0.9 * held, "what the program itself takes is not in it"


def test_a_model_applied_tile_by_tile(image, model, tmp_path):
    assert main(["apply", model, image, "-o", str(tmp_path / "out"), "--tile", "32"]) == 0
    assert (open_labels(tmp_path / "out" / "image.ome.zarr")[:] == whole(model)).all()


def test_planned_once_and_shared_by_machines(image, model, tmp_path, capsys):
    out = str(tmp_path / "labels.ome.zarr")
    assert main(["plan", image, "-o", out, "--model", model, "--tile", "32"]) == 0
    assert f"napari-selfseg run {out} --index N --of M" in capsys.readouterr().out
    work = tmp_path / "labels.ome.zarr.work"
    assert main(["run", out, "--index", "1", "--of", "2"]) == 0
    assert len(list((work / "done" / "predict").iterdir())) == 4
    assert not (work / "finished").exists()
    assert main(["run", out, "--index", "0", "--of", "2"]) == 0
    assert main(["run", out]) == 0
    assert (open_labels(out)[:] == whole(model)).all()
    assert ss.read_record(out)["applied"]
    assert "Finished" in (work / "log.txt").read_text()


def test_objects_across_tiles(image, model, tmp_path):
    out = str(tmp_path / "labels.ome.zarr")
    asked = ["--model", model, "--tile", "32", "--connected", "5"]
    assert main(["plan", image, "-o", out, *asked]) == 0
    assert main(["run", out, "--scheduler", "serial"]) == 0
    found = open_labels(out)[:]
    assert np.bincount(found.ravel())[1:].min() >= 5


def test_begun_twice_needs_resume(image, model, tmp_path, capsys):
    again = ["apply", model, image, "-o", str(tmp_path / "out"), "--tile", "32"]
    assert main(again) == 0
    assert main(again) == 1
    assert "--resume" in capsys.readouterr().err
    assert main([*again, "--resume"]) == 0


@pytest.mark.parametrize("ending", ["zarr", "tif", "png"])
def test_superpixels_of_the_whole_vote(image, model, tmp_path, ending):
    superpixels = ss.Slic(n_segments=20)(picture() / np.float32(255))
    votes = tmp_path / f"superpixels.{ending}"
    table = np.random.default_rng(0).integers(0, 256, (256, 3), dtype=np.uint8)
    if ending == "zarr":
        zarr.create_array(votes, data=superpixels, chunks=(32, 32))
    elif ending == "tif":
        how = {"photometric": "palette", "colormap": table.T.astype(np.uint16) * 257}
        tifffile.imwrite(votes, superpixels.astype(np.uint8), **how)
    else:
        drawn = Image.fromarray(superpixels.astype(np.uint8), mode="P")
        drawn.putpalette(table.ravel().tolist())
        drawn.save(votes)
    out = str(tmp_path / "labels.ome.zarr")
    how = ["--model", model, "--tile", "32", "--votes", str(votes)]
    assert main(["plan", image, "-o", out, *how]) == 0
    assert main(["run", out]) == 0
    fit = ss.load_fit(model)
    voted = fit.predict(picture(), channel_axis=-1, superpixels=superpixels, device="cpu")
    assert (open_labels(out)[:] == voted).all()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "nowhere.ome.zarr"], "There is no plan"),
        (["plan", "IMAGE", "-o", "labels.tif", "--model", "MODEL"], "must end in"),
        (
            ["plan", "IMAGE", "-o", "OUT", "--model", "MODEL", "--tile", "0"],
            "a whole number from 1 on",
        ),
        (["plan", "IMAGE", "-o", "OUT", "--model", "MODEL", "--memory", "lots"], "such as 2GB"),
        (
            ["plan", "IMAGE", "-o", "OUT", "--model", "MODEL", "--memory", "1MB"],
            "allow more memory",
        ),
        (["segment", "IMAGE", "-o", "OUT", "--tile", "32", "--scheduler", "slurm"], "processes:N"),
        (
            ["segment", "IMAGE", "-o", "OUT", "--tile", "32", "--segments", "3", *METHOD],
            "the whole image",
        ),
        (["segment", "IMAGE", "-o", "OUT", "--memory", "2GB", "--carry", "warm"], "--carry needs"),
        (["segment", "IMAGE", "-o", "OUT", "--memory", "2GB", "--axis", "z"], "--axis needs"),
        (["segment", "IMAGE", "-o", "OUT", "--samples", "3"], "--samples is for work tile by tile"),
        (["segment", "IMAGE", "-o", "OUT", "--sample-size", "64"], "--sample-size is for"),
        (
            ["apply", "MODEL", "IMAGE", "-o", "OUT", "--tile", "32", "--superpixels", "slic"],
            "or give --votes LABELS",
        ),
        (["plan", "IMAGE", "-o", "OUT", "--model", "MODEL", "--seed", "1"], "--seed says how to"),
        (
            ["plan", "IMAGE", "-o", "OUT", "--model", "MODEL", "--sample-size", "64"],
            "--sample-size says how to learn, and",
        ),
        (["run", "OUT", "--of", "3"], "--of 3 needs --index N"),
    ],
)
def test_refusals(image, model, tmp_path, capsys, words, sentence):
    names = {"IMAGE": image, "MODEL": model, "OUT": str(tmp_path / "labels.ome.zarr")}
    assert main([names.get(word, word) for word in words]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "labels.ome.zarr").exists()


@pytest.mark.parametrize("tiles", [[], ["--tile", "32"]])
def test_the_image_is_never_written_over(image, tmp_path, capsys, tiles):
    labels = str(tmp_path / "labels.tif")
    assert main(["superpixels", image, "-o", labels]) == 0
    assert main(["superpixels", image, "-o", image]) == 2
    assert main(["replay", labels, "-o", image]) == 2
    assert main(["segment", image, "-o", image, *METHOD, *tiles]) == 2
    assert capsys.readouterr().err.count("is the image, which would be lost: name another") == 3
    np.testing.assert_array_equal(tifffile.imread(image), picture())


def test_a_share_that_is_none(image, model, tmp_path, capsys):
    out = str(tmp_path / "labels.ome.zarr")
    assert main(["plan", image, "-o", out, "--model", model, "--tile", "32"]) == 0
    assert main(["run", out, "--index", "2", "--of", "2"]) == 2
    assert "--index 2 is none of 2 machines" in capsys.readouterr().err


def test_sizes():
    assert [size_of(text) for text in ("2GB", "500 MB", "1.5GiB", "7", "3k")] == [
        2 * 10**9, 500 * 10**6, 3 * 2**29, 7, 3000,
    ]  # fmt: skip
    for text in ("", "GB", "-1GB", "0", "2 apples"):
        with pytest.raises(ArgumentTypeError, match=r"^takes a size such as 2GB"):
            size_of(text)


def test_processes_share_the_cores(image, model, tmp_path, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    words = ["apply", model, image, "-o", str(tmp_path / "out"), "--tile", "64"]
    assert main([*words, "--scheduler", "processes:3"]) == 0
    assert load_plan(tmp_path / "out" / "image.ome.zarr.work").threads == 2
    assert (open_labels(tmp_path / "out" / "image.ome.zarr")[:] == whole(model)).all()


def test_no_data_of_a_geotiff_is_never_seen(model, tmp_path):
    rasterio = pytest.importorskip("rasterio")
    data, path = picture(), tmp_path / "map.tif"
    data[:30, :40] = 0
    size = {"width": 90, "height": 70, "count": 3, "dtype": "uint8", "nodata": 0}
    place = {"crs": "EPSG:32640", "transform": rasterio.Affine(0.5, 0, 7000, 0, -0.5, 9000)}
    with rasterio.open(path, "w", "GTiff", **size, **place) as file:
        file.write(np.moveaxis(data, -1, 0))
    words = ["apply", model, str(path), "-o", str(tmp_path / "out"), "--tile", "32"]
    with pytest.warns(UserWarning, match="no room for a place on Earth"):
        assert main(words) == 0
    found = open_labels(tmp_path / "out" / "map.ome.zarr")[:]
    assert not found[:30, :40].any()
    assert (found[30:] > 0).all()


def test_a_geotiff_by_tiles_is_a_geotiff_in_its_place(model, tmp_path):
    rasterio = pytest.importorskip("rasterio")
    path, out = tmp_path / "map.tif", tmp_path / "labels.tif"
    size = {"width": 90, "height": 70, "count": 3, "dtype": "uint8"}
    place = {"crs": "EPSG:32640", "transform": rasterio.Affine(0.5, 0, 7000, 0, -0.5, 9000)}
    with rasterio.open(path, "w", "GTiff", **size, **place) as file:
        file.write(np.moveaxis(picture(), -1, 0))
    how = ["--tile", "32", "--samples", "1", "--sample-size", "64"]
    assert main(["segment", str(path), "-o", str(out), *METHOD, *how]) == 0
    with rasterio.open(out) as file:
        assert file.crs == place["crs"]
        assert file.transform == place["transform"]
        assert (file.read(1) > 0).all()
    assert ss.read_record(out)["applied"]
    assert sorted(each.name for each in tmp_path.glob("labels*")) == ["labels.tif"]


def test_a_method_that_sees_the_whole_says_what_tiles_cost(image, tmp_path, capsys):
    out = str(tmp_path / "labels.ome.zarr")
    how = ["--tile", "64", "--samples", "1", "--sample-size", "64", "--device", "cpu"]
    quick = ["--method", "consensus", "--seeds", "1", "--iterations", "1", "--threads", "1"]
    assert main(["segment", image, "-o", out, *quick, "--networks", "superpixels", *how]) == 0
    assert "labels may end where tiles meet" in capsys.readouterr().err
    assert (open_labels(out)[:] > 0).all()
    assert main(["segment", image, "-o", f"{out}2.ome.zarr", *quick, *how]) == 0
    assert "labels may end where tiles meet" not in capsys.readouterr().err
    assert (open_labels(f"{out}2.ome.zarr")[:] > 0).all()


@pytest.fixture
def begun(image, model, tmp_path, monkeypatch):
    """Labels of which one tile is done."""
    out = str(tmp_path / "begun.ome.zarr")
    predict = tile_work._predict

    def sending(plan, number):
        signal.raise_signal(signal.SIGTERM)
        return predict(plan, number)

    monkeypatch.setattr(tile_work, "_predict", sending)
    begun = [image, "-o", out, *METHOD, "--tile", "32", "--samples", "2", "--sample-size", "32"]
    assert main(["segment", *begun]) == 130
    monkeypatch.undo()
    return begun


def test_what_is_begun_goes_on_with_the_same(begun):
    assert main(["segment", *begun, "--resume"]) == 0


@pytest.mark.parametrize("cropped", [False, True])
def test_another_image_is_not_gone_on_with(begun, cropped, tmp_path, capsys):
    other = picture()[::-1, :, :] if not cropped else picture()[:40]
    tifffile.imwrite(tmp_path / "other.tif", other, photometric="rgb")
    assert main(["segment", str(tmp_path / "other.tif"), *begun[1:], "--resume"]) == 2
    assert "was begun on another image: give the same, or delete" in capsys.readouterr().err


def test_another_method_is_not_gone_on_with(begun, capsys):
    assert main(["segment", *begun, "--seed", "5", "--resume"]) == 2
    assert "was begun with another method or model" in capsys.readouterr().err


def test_other_objects_or_votes_than_were_begun_are_not_gone_on_with(begun, image, capsys):
    assert main(["segment", *begun, "--connected", "5", "--resume"]) == 2
    assert "holds classes, and not objects of 5 pixels or more" in capsys.readouterr().err
    assert main(["segment", *begun, "--resume"]) == 0
    # And the same of what is finished.
    assert main(["segment", *begun, "--votes", image, "--resume"]) == 2
    assert "was made without superpixels that vote" in capsys.readouterr().err
    assert main(["segment", *begun, "--connected", "5", "--resume"]) == 2


def test_a_batch_needs_more_than_the_program_takes(image, tmp_path, capsys):
    out = ["-o", str(tmp_path / "out"), *METHOD]
    assert main(["batch", image, *out, "--memory", "10MB"]) == 2
    assert "The program itself takes" in capsys.readouterr().err


CHANGED = "image.zarr has changed since it was planned: put back what was there, or delete"


@pytest.fixture
def planned(model, tmp_path):
    """A plan, of which a tile is done, and its image."""
    data = zarr.create_array(
        tmp_path / "image.zarr", shape=(70, 90, 3), chunks=(32, 32, 3), dtype="u1"
    )
    data[:] = picture()
    out = str(tmp_path / "labels.ome.zarr")
    plan = ["plan", str(tmp_path / "image.zarr"), "-o", out, "--model", model, "--tile", "32"]
    assert main(plan) == 0
    assert main(["run", out, "--index", "1", "--of", "9"]) == 0
    return out, data


def test_an_image_that_lost_a_chunk_since_it_was_planned_is_refused(
    planned, model, tmp_path, capsys
):
    out, _ = planned
    chunk = tmp_path / "image.zarr" / "c" / "1" / "1" / "0"
    kept = chunk.read_bytes()
    chunk.unlink()
    # Tile 0 sees the chunk in its halo.
    assert main(["run", out]) == 2
    said = capsys.readouterr().err
    assert CHANGED in said
    assert "tiles failed" not in said
    chunk.write_bytes(kept)
    assert main(["run", out]) == 0
    assert (open_labels(out)[:] == whole(model)).all()


def test_a_tile_that_changed_since_it_was_planned_is_refused(planned, capsys):
    out, data = planned
    data[69, 89] = 255 - data[69, 89]
    assert main(["run", out, "--index", "0", "--of", "2"]) == 2
    said = capsys.readouterr().err
    assert "1 of 9 tiles failed, tile 8 with: " in said
    assert CHANGED in said


def test_a_finished_image_is_not_done_again(image, model, tmp_path, capsys):
    out = tmp_path / "labels.tif"
    begun = ["segment", image, "-o", str(out), *METHOD, "--tile", "32", "--sample-size", "32"]
    assert main(begun) == 0
    written = out.stat().st_mtime_ns
    capsys.readouterr()
    assert main([*begun, "--resume"]) == 0
    assert capsys.readouterr().err == f"{out} is finished: nothing is left to do.\n"
    assert out.stat().st_mtime_ns == written
    # But for what is asked for beside it.
    others = ["--preview", str(tmp_path / "shown.png"), "--objects", str(tmp_path / "objects.csv")]
    assert main([*begun, "--resume", *others]) == 0
    with Image.open(tmp_path / "shown.png") as shown:
        assert shown.height == 70
    assert (tmp_path / "objects.csv").is_file()
    assert "nothing is left" not in capsys.readouterr().err
    assert out.stat().st_mtime_ns == written


def test_two_commands_do_not_write_one_file(image, tmp_path, capsys):
    out = tmp_path / "labels.tif"
    with alone(out):
        for more in ([], ["--tile", "32"], ["--tile", "32", "--resume"]):
            assert main(["segment", image, "-o", str(out), *METHOD, *more]) == 2
            assert "is being written by another process: wait for it" in capsys.readouterr().err


def test_what_zarr_leaves_when_it_is_killed_is_removed_in_our_labels_alone(image, model, tmp_path):
    out = tmp_path / "labels.ome.zarr"
    words = ["segment", image, "-o", str(out), *METHOD, "--tile", "32", "--samples", "2"]
    words += ["--sample-size", "32", "--resume"]
    assert main(words) == 0
    before = open_labels(out)[:]
    chunk = next(each for each in (out / "0").rglob("*") if each.is_file())
    # While the record was written, and a chunk.
    ours = [out / "zarr.0f.partial", chunk.with_suffix(".1e.partial")]
    others = [tmp_path / "zarr.2d.partial", tmp_path / "other.zarr.3c.partial"]
    for path in ours + others:
        path.write_bytes(b"half")
    assert main(words) == 0
    assert [path.exists() for path in ours + others] == [False, False, True, True]
    np.testing.assert_array_equal(open_labels(out)[:], before)
