"""``batch``: many files, one recipe."""

import csv

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from napari_selfseg.cli import main
from napari_selfseg.io import read_record

FAST = ["--method", "backprop", "--variant", "continuity", "--channels", "6", "--min-labels", "1"]
FAST += ["--iterations", "2", "--threads", "1", "--device", "cpu"]


def write(path, kind, seed):
    """Write a tiny picture with two halves, of some kind."""
    rng = np.random.default_rng(seed)
    colours = {"rgb": (3,), "many": (5,)}.get(kind, ())
    found = rng.integers(0, 40, (16, 20, *colours))
    found[:, 10:] += 150
    dtype = np.uint16 if kind == "uint16" else np.uint8
    if kind == "many":
        how = {"metadata": {"axes": "CYX"}, "photometric": "minisblack"}
        tifffile.imwrite(path, np.moveaxis(found, -1, 0).astype(dtype), **how)
    else:
        (tifffile.imwrite if path.suffix == ".tif" else iio.imwrite)(path, found.astype(dtype))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Thirty files of six kinds, five of them broken in different ways."""
    folder = tmp_path_factory.mktemp("mixed")
    kinds = ["grey.png", "rgb.png", "rgb.jpg", "grey.tif", "uint16.tif", "many.ome.tif"]
    for k in range(25):
        kind, _, suffix = kinds[k % 6].partition(".")
        write(folder / f"{k:02d}-{kind}.{suffix}", kind, k)
    (folder / "empty.tif").touch()
    write(folder / "short.tif", "grey", 0)
    whole = (folder / "short.tif").read_bytes()
    (folder / "short.tif").write_bytes(whole[: len(whole) // 2])
    (folder / "text.png").write_text("this is no picture")
    tifffile.imwrite(folder / "nan.tif", np.full((16, 20), np.nan, np.float32))
    iio.imwrite(folder / "flat.png", np.full((16, 20), 7, np.uint8))
    return folder


def rows(out):
    with (out / "batch.csv").open(newline="") as opened:
        return list(csv.DictReader(opened))


def ran(capsys, *words):
    code = main(list(map(str, words)))
    return code, capsys.readouterr().err.splitlines()


def test_five_of_thirty_files_are_broken(mixed, tmp_path, capsys):
    out = tmp_path / "out"
    code, lines = ran(capsys, "batch", mixed / "*.*", "-o", out, *FAST)
    assert code == 1
    assert len(lines) == 31
    assert lines[-1] == f"25 of 30 done, 5 failed, see {out / 'batch.csv'}."
    failed = {
        each["image"].rpartition("/")[2]: each["error"] for each in rows(out) if each["error"]
    }
    words = {
        "empty.tif": "is empty",
        "short.tif": "damaged or cut short",
        "text.png": "cannot be read as an image",
        "nan.tif": "NaN",
        "flat.png": "constant",
    }
    assert failed.keys() == words.keys()
    for name, sentence in failed.items():
        assert words[name] in sentence
        # What follows says what to do, on the command line by its flags.
        fault = sentence.partition(": replace")[0]
        assert any(name in line and fault in line for line in lines)
    done = [each for each in rows(out) if each["state"] == "done"]
    assert len(done) == len(list(out.glob("*.tif"))) == 25
    for each in done:
        labels = tifffile.imread(out / each["labels_file"])
        assert labels.shape == (16, 20)
        assert len(np.unique(labels)) == int(each["labels"])


def test_resume_does_only_what_is_left(mixed, tmp_path, capsys):
    out = tmp_path / "out"
    assert ran(capsys, "batch", mixed / "0*.*", "-o", out, *FAST)[0] == 0
    (out / "03-grey.tif").unlink()
    times = {each.name: each.stat().st_mtime_ns for each in out.glob("*.tif")}
    words = ("batch", mixed / "0*.*", "-o", out, "--recipe", out / "recipe.json")
    code, lines = ran(capsys, *words, "--resume", "--threads", "1", "--device", "cpu")
    assert code == 0
    assert sum("done before" in line for line in lines) == 9
    assert lines[-1].startswith("10 of 10 done, see ")
    assert all((out / name).stat().st_mtime_ns == time for name, time in times.items())
    assert (out / "03-grey.tif").is_file()


def test_a_labels_file_is_a_recipe(mixed, tmp_path, capsys):
    one, out = tmp_path / "one.tif", tmp_path / "out"
    picture = mixed / "00-grey.png"
    assert main(["segment", str(picture), "-o", str(one), *FAST, "--segments", "4"]) == 0
    words = ("batch", picture, mixed / "01-rgb.png", "-o", out, "--recipe", one)
    assert ran(capsys, *words, "--threads", "1", "--device", "cpu")[0] == 0
    found = tifffile.imread(out / "00-grey.tif")
    np.testing.assert_array_equal(found, tifffile.imread(one))
    assert read_record(out / "01-rgb.tif")["cut"]["n_segments"] == 4


def test_what_cannot_begin_is_one_line_and_code_2(mixed, tmp_path, capsys):
    out = tmp_path / "out"
    picture = mixed / "00-grey.png"
    recipe = tmp_path / "recipe.json"
    recipe.write_text("{}")
    for words, sentence in {
        (mixed / "*.gif",): "No images match",
        (picture, "--recipe", recipe): "is no recipe",
        (picture, "--recipe", recipe, "--method", "dic"): "leave out --method",
        (picture, "--recipe", recipe, "--seed", "0"): "leave out --seed",
        (picture, "--recipe", recipe, "--connected"): "leave out --connected",
        (picture, "--segments", "many"): "--segments takes",
        (picture, "--superpixels", "labels.tif"): "no superpixel algorithm",
        (picture, "--scheduler", "slurm"): "--scheduler slurm is unknown",
        (picture, "--minimum-size", "-1"): "a whole number from 0 on",
        (picture, "--memory", "lots"): "takes a size such as 2GB",
        (picture, "--axis", "z"): "choose a carry",
        (picture, "--carry", "warm", "--segments", "3"): "not along a stack",
        (picture, "--recipe", recipe, "--carry", "warm"): "leave out --carry",
    }.items():
        code, lines = ran(capsys, "batch", *words, "-o", out)
        assert (code, len(lines)) == (2, 1), words
        assert sentence in lines[0]
    assert not out.exists()


def test_an_interrupt_says_what_is_left(mixed, tmp_path, capsys, monkeypatch):
    from napari_selfseg.cli import _batch

    def interrupted(self, number, step):
        if number == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(_batch._Progress, "see", interrupted)
    out = tmp_path / "out"
    code, lines = ran(capsys, "batch", mixed / "0[0-2]*.*", "-o", out, *FAST)
    assert code == 130
    assert lines[-1].startswith("napari-selfseg: Interrupted; 1 of 3 done, 2 left, see ")
    assert lines[-1].endswith("--resume does what is left.")
    assert [each["state"] for each in rows(out)] == ["done", "left", "left"]


def test_labels_and_objects_in_other_formats(mixed, tmp_path, capsys):
    out = tmp_path / "out"
    words = ("batch", mixed / "0[0-1]*.*", "-o", out, *FAST, "--format", "ome.zarr")
    assert ran(capsys, *words, "--objects", "csv")[0] == 0
    found = sorted(each.name for each in out.iterdir())
    assert len([name for name in found if name.endswith(".ome.zarr")]) == 2
    tables = [each for each in out.glob("*.csv") if each.name != "batch.csv"]
    assert len(tables) == 2
    assert all("area" in each.read_text().splitlines()[0] for each in tables)
    assert ran(capsys, *words, "--objects", "csv", "--resume")[0] == 0
    assert [each["state"] for each in rows(out)] == ["done", "done"]


def test_stacks_go_along_as_segment_does_it(mixed, tmp_path, capsys):
    path, out = tmp_path / "stack.ome.tif", tmp_path / "out"
    planes = np.random.default_rng(0).integers(0, 40, (3, 16, 20)).astype(np.uint8)
    planes[:, :, 10:] += 150
    planes[1] = 0
    tifffile.imwrite(path, planes, metadata={"axes": "ZYX"})
    carry = ["--carry", "warm", "--axis", "z", "--stack-iterations", "1"]
    assert main(["segment", str(path), "-o", str(tmp_path / "one.tif"), *FAST, *carry]) == 1
    capsys.readouterr()
    code, lines = ran(capsys, "batch", path, mixed / "00-grey.png", "-o", out, *FAST, *carry)
    assert code == 1
    assert lines[0].startswith(f"1/2 {path}: ")
    assert "; 1 of 3 planes failed, plane 1 with: The image is constant" in lines[0]
    assert lines[-1].startswith("2 of 2 done, 1 not in all planes, see ")
    expected = tifffile.imread(tmp_path / "one.tif")
    np.testing.assert_array_equal(tifffile.imread(out / "stack.ome.tif"), expected)
    words = ("batch", path, "-o", tmp_path / "again", "--recipe", tmp_path / "one.tif")
    assert ran(capsys, *words, "--threads", "1", "--device", "cpu")[0] == 1
    found = tifffile.imread(tmp_path / "again" / "stack.ome.tif")
    np.testing.assert_array_equal(found, expected)


def test_what_does_not_fit_goes_by_tiles(mixed, tmp_path, capsys, monkeypatch):
    fits = "napari_selfseg.scale._label._label.fits_with_method"
    monkeypatch.setattr(fits, lambda image, method, memory, **how: memory > 10**11)
    for memory, by_tiles in (("90GB", True), ("200GB", False)):
        words = ("batch", mixed / "00-grey.png", "-o", tmp_path / memory, *FAST)
        code, lines = ran(capsys, *words, "--memory", memory)
        assert code == 0, lines
        assert ("tile" in read_record(tmp_path / memory / "00-grey.tif")) == by_tiles
