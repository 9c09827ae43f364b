"""``segment STACK --carry ...``: planes one after the other, ids that stay."""

from __future__ import annotations

import csv
import signal

import numpy as np
import pytest
import tifffile
import zarr

from napari_selfseg import Backprop
from napari_selfseg.cli import main
from napari_selfseg.io import load_fit, open_labels, read_image, read_record
from napari_selfseg.scale import axis_named

SLIC = ["--superpixels", "slic:n_segments=40"]
FAST = ["--method", "backprop", "--iterations", "4", "--channels", "6", "--threads", "1"]


@pytest.fixture
def stack(tmp_path):
    """Four planes with two halves and noise; the third is black."""
    planes = np.random.default_rng(0).integers(0, 40, (4, 20, 24))
    planes[:, :, 12:] += 180
    planes[2] = 0
    path = tmp_path / "stack.ome.tif"
    sizes = {f"PhysicalSize{a}": s for a, s in zip("ZYX", (2.0, 0.5, 0.5), strict=True)}
    metadata = {"axes": "ZYX", **sizes}
    tifffile.imwrite(path, planes.astype(np.uint8), photometric="minisblack", metadata=metadata)
    return path


def segment(stack, out, *words):
    return main(["segment", str(stack), "-o", str(out), *FAST, *words])


@pytest.mark.parametrize("carry", ["independent", "warm", "joint"])
def test_a_stack_is_written_with_its_record_and_made_again(stack, tmp_path, capsys, carry):
    out, again = tmp_path / "out.tif", tmp_path / "again.tif"
    flags = {"warm": ["--stack-iterations", "2"], "joint": ["--planes-fitted", "2"]}
    assert segment(stack, out, *SLIC, "--carry", carry, "--axis", "z", *flags.get(carry, [])) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"napari-selfseg: {stack}: plane 2: The image is constant")
    found = read_image(out)
    assert found.spacing == (2.0, 0.5, 0.5)
    assert [bool(plane.any()) for plane in found.data] == [True, True, False, True]
    told = read_record(out)["stack"]
    assert (told["carry"], told["axis"], told["order"]) == (carry, [0], [0, 1, 2, 3])
    assert (told["iterations"], told["planes_fitted"]) == (
        2 if carry == "warm" else None,
        2 if carry == "joint" else None,
    )
    assert main(["replay", str(out), "-o", str(again)]) == 0
    np.testing.assert_array_equal(read_image(again).data, found.data)


@pytest.mark.parametrize("ending", [".tif", ".ome.zarr"])
def test_objects_are_a_row_an_object_and_plane(tmp_path, ending, capsys):
    film, out, rows = tmp_path / "film.ome.tif", tmp_path / f"out{ending}", tmp_path / "rows.csv"
    y, x = np.mgrid[:48, :64]
    planes = [((y - 20) ** 2 + (x - 20 - 4 * k) ** 2 < 60) * 150.0 for k in range(3)]
    noise = np.random.default_rng(0).normal(20, 4, (3, 48, 64))
    sizes = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    metadata = {"axes": "TYX", **sizes}
    data = (np.stack(planes) + noise).clip(0, 255).astype(np.uint8)
    tifffile.imwrite(film, data, photometric="minisblack", metadata=metadata)
    carry = ["--method", "objects", "--carry", "independent", "--threads", "1"]
    command = ["segment", str(film), "-o", str(out), *carry, "--objects"]
    assert main([*command, str(tmp_path / "rows.geojson")]) == 2
    assert "give --objects a name that ends in .csv" in capsys.readouterr().err
    assert not out.exists()
    assert main([*command, str(rows)]) == 0
    labels = read_image(out).data
    with rows.open(encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert {(int(row["t"]), int(row["label"])) for row in found} == {
        (k, number) for k in range(3) for number in np.unique(labels[k][labels[k] > 0])
    }
    for row in found:
        area = (labels[int(row["t"])] == int(row["label"])).sum() / 4
        assert float(row["area (µm²)"]) == pytest.approx(area)


@pytest.mark.parametrize("ending", [".tif", ".ome.zarr"])
def test_a_stack_that_names_no_axis_is_written_without_one(tmp_path, ending):
    film, out = tmp_path / "film.tif", tmp_path / f"out{ending}"
    planes = np.random.default_rng(0).integers(0, 90, (2, 20, 24)).astype(np.uint8)
    tifffile.imwrite(film, planes, photometric="minisblack")
    assert segment(film, out, "--carry", "independent") == 0
    assert (read_image(out).axes, read_image(out).unnamed) == ("zyx", "z")


def test_without_carry_a_stack_is_a_volume(stack, tmp_path):
    out = tmp_path / "out.tif"
    assert segment(stack, out, *SLIC) == 0
    assert "stack" not in read_record(out)


def test_the_common_fit_is_saved(stack, tmp_path):
    fit = tmp_path / "fit.safetensors"
    assert segment(stack, tmp_path / "o.tif", "--carry", "joint", "--save-fit", str(fit)) == 1
    assert load_fit(fit).method == Backprop(iterations=4, channels=6)


def test_labels_without_their_fit_are_not_finished(stack, tmp_path, monkeypatch, capsys):
    def full(*args):
        raise OSError("Cannot write the fit.")

    monkeypatch.setattr("napari_selfseg.scale._label._label_planes.save_fit", full)
    out, fit = tmp_path / "o.ome.zarr", str(tmp_path / "fit.safetensors")
    assert segment(stack, out, "--carry", "joint", "--save-fit", fit) == 2
    with pytest.raises(ValueError, match="not finished"):
        read_record(out)


def test_ctrl_c_keeps_the_planes_that_are_done(stack, tmp_path, monkeypatch):
    steps, runs = Backprop.steps, []

    def pressed(self, network, inputs):
        runs.append(self)
        for step in steps(self, network, inputs):
            yield step
            if len(runs) == 2:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Backprop, "steps", pressed)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert segment(stack, tmp_path / "out.tif", "--carry", "independent") == 130
    finally:
        signal.signal(signal.SIGINT, before)
    record = read_record(tmp_path / "out.tif")
    assert record["stop"] == {
        "kind": "asked",
        "sentence": "Stopped when asked; 1 of 4 planes are done.",
    }
    written = [bool(plane.any()) for plane in read_image(tmp_path / "out.tif").data]
    assert written == [True, True, False, False]


@pytest.mark.parametrize(
    ("text", "axes", "found"),
    [
        ("z", "zyx", (0,)),
        ("T", "tzyx", (0,)),
        ("z", "tzyx", (1,)),
        ("tz", "tzyx", (0, 1)),
        ("0", "zyx", (0,)),
        ("1,0", "tzyx", (1, 0)),
        ("t,z", "tzyx", (0, 1)),
    ],
)
def test_axes_have_names_and_numbers(text, axes, found):
    assert axis_named(text, axes) == found


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["--carry", "joint", "--axis", "t"],
            "There is no axis t: the axes are z, y, x, or 0 to 2",
        ),
        (["--carry", "joint", "--axis", "7"], "There is no axis 7"),
        (["--carry", "joint", "--axis", ""], "There is no axis"),
        (["--carry", "joint", "--axis", "zy"], "leave two or three"),
        (["--carry", "cold"], "invalid choice: 'cold'"),
        (["--carry", "joint", "--segments", "4"], "--segments is for one image"),
        (["--carry", "warm", "--save-fit", "{dir}/f.safetensors"], "--save-fit needs it"),
        (["--carry", "joint", "--stack-iterations", "4"], "for warm"),
        (["--axis", "z"], "--axis is for stacks: add --carry"),
        (["--stack-iterations", "3"], "--stack-iterations is for stacks"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(stack, tmp_path, capsys, words, says):
    assert segment(stack, tmp_path / "o.tif", *(each.format(dir=tmp_path) for each in words)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
    assert list(tmp_path.iterdir()) == [stack]


def test_a_method_of_planes_names_the_flag(stack, tmp_path, capsys):
    words = ["segment", str(stack), "-o", str(tmp_path / "o.tif"), "--method", "sgseg"]
    assert main(words) == 2
    assert "SGSeg takes 2: go along it with --carry" in capsys.readouterr().err


def test_a_single_plane_is_no_stack(picture, tmp_path, capsys):
    assert segment(picture, tmp_path / "o.tif", "--carry", "warm") == 2
    assert "is a single plane" in capsys.readouterr().err


def test_a_stack_of_which_nothing_can_be_used_is_not_written(tmp_path, capsys):
    path = tmp_path / "black.tif"
    tifffile.imwrite(path, np.zeros((3, 20, 24), np.uint8), photometric="minisblack")
    assert segment(path, tmp_path / "o.tif", "--carry", "independent") == 2
    assert "Nothing was written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


def test_a_stack_goes_from_file_to_file(tmp_path, capsys):
    path = tmp_path / "stack.zarr"
    data = np.stack([np.full((24, 30), 40), np.zeros((24, 30))]).astype(np.uint8)
    data[0, :, 15:] = 200
    zarr.create_array(path, data=data, chunks=(1, 24, 30))
    out = tmp_path / "labels.ome.zarr"
    quick = ["--method", "backprop", "--iterations", "3", "--channels", "5", "--device", "cpu"]
    words = ["segment", str(path), "-o", str(out), *quick, "--carry", "independent"]
    assert main(words) == 1
    assert "plane 1" in capsys.readouterr().err
    found = open_labels(out)[:]
    assert found[0].min() > 0
    assert not found[1].any()
    assert read_record(out)["stack"]["carry"] == "independent"
    assert main([*words, "--preview", str(tmp_path / "a.png")]) == 2
    assert "--preview needs all planes in memory" in capsys.readouterr().err
