from __future__ import annotations

import signal
import subprocess
import sys
import warnings

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
import torch
from scipy.io import savemat

from napari_selfseg import Backprop, samples
from napari_selfseg.catalogue import METHODS, SUPERPIXELS
from napari_selfseg.cli import _demo as demo
from napari_selfseg.cli import main
from napari_selfseg.cli._options._common import (
    Parser,
    add_parameters,
    values_of,
    warnings_as_sentences,
)
from napari_selfseg.io import load_fit, read_image, read_record

FAST = [
    "--method",
    "backprop",
    "--iterations",
    "3",
    "--channels",
    "8",
    "--superpixels",
    "slic:n_segments=60",
]


def segment(picture, out, *flags):
    return main(["segment", str(picture), "-o", str(out), *FAST, *flags])


def refused(capsys, *words):
    """Run words that must fail; return exit code and the one line that says why."""
    code = main(list(words))
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("napari-selfseg: ")
    return code, line


def test_segment_writes_the_labels_of_the_run(picture, tmp_path):
    out = tmp_path / "out.tif"
    assert segment(picture, out, "--seed", "5") == 0
    labels = tifffile.imread(out)
    assert labels.shape == (24, 32)
    assert labels.min() >= 1
    record = read_record(out)
    assert record["method"] == Backprop(iterations=3, channels=8, seed=5).as_dict()
    assert record["superpixels"]["n_segments"] == 60
    assert record["images"][0]["name"] == str(picture)


def test_twice_the_same_and_replayed_the_same(picture, tmp_path):
    one, two, three = (tmp_path / f"{name}.tif" for name in "abc")
    assert segment(picture, one) == segment(picture, two) == 0
    assert main(["replay", str(one), "-o", str(three)]) == 0
    np.testing.assert_array_equal(tifffile.imread(one), tifffile.imread(two))
    np.testing.assert_array_equal(tifffile.imread(one), tifffile.imread(three))
    assert read_record(three) == read_record(one)


def test_replay_finds_a_picture_that_moved_along_and_refuses_another(picture, tmp_path, capsys):
    out, moved = tmp_path / "out.tif", tmp_path / "moved"
    segment(picture, out)
    moved.mkdir()
    out.rename(moved / "out.tif")
    content = iio.imread(picture)
    picture.rename(moved / picture.name)
    assert main(["replay", str(moved / "out.tif"), "-o", str(tmp_path / "again.tif")]) == 0
    iio.imwrite(moved / picture.name, 255 - content)
    words = ("replay", str(moved / "out.tif"), "-o", str(tmp_path / "other.tif"))
    code, line = refused(capsys, *words)
    assert code == 2
    assert "not the image of the record" in line
    assert not (tmp_path / "other.tif").exists()


def test_segments_are_a_cut_of_the_consensus(picture, tmp_path):
    out, again, preview = (tmp_path / name for name in ("a.tif", "b.tif", "p.png"))
    assert segment(picture, out, "--segments", "5", "--preview", str(preview)) == 0
    labels = tifffile.imread(out)
    assert np.unique(labels).tolist() == [1, 2, 3, 4, 5]
    assert read_record(out)["cut"] == {"n_segments": 5}
    assert preview.is_file()
    assert main(["replay", str(out), "-o", str(again)]) == 0
    np.testing.assert_array_equal(tifffile.imread(again), labels)
    assert segment(picture, out, "--segments", "auto") == 0
    assert read_record(out)["cut"] == {"n_segments": tifffile.imread(out).max()}
    with pytest.warns(UserWarning, match="^9999 segments cannot be made, as there are only "):
        assert segment(picture, out, "--segments", "9999") == 0
    assert read_record(out)["cut"] == {"n_segments": tifffile.imread(out).max()}


def test_segments_of_a_run_without_superpixels(picture, tmp_path):
    mask = np.full((24, 32), 255, np.uint8)
    mask[:4] = 0
    iio.imwrite(tmp_path / "mask.png", mask)
    out, again = tmp_path / "a.tif", tmp_path / "b.tif"
    words = ["segment", str(picture), "-o", str(out), "--iterations", "3", "--channels", "8"]
    words += ["--method", "backprop"]
    words += ["--variant", "continuity", "--mask", str(tmp_path / "mask.png"), "--segments", "4"]
    assert main(words) == 0
    labels = tifffile.imread(out)
    assert np.unique(labels).tolist() == [0, 1, 2, 3, 4]
    assert not labels[:4].any()
    assert read_record(out)["cut"]["superpixels"]["n_segments"] == 1000
    assert main(["replay", str(out), "-o", str(again)]) == 0
    np.testing.assert_array_equal(tifffile.imread(again), labels)


@pytest.mark.parametrize("number", ["0", "-3", "2.5", "many"])
def test_a_number_of_segments_is_checked_before_the_run(picture, tmp_path, capsys, number):
    words = ["segment", str(picture), "-o", str(tmp_path / "a.tif"), f"--segments={number}"]
    code, line = refused(capsys, *words)
    assert code == 2
    assert f"--segments takes a number from 1 on, or auto: {number} is neither." in line
    assert not (tmp_path / "a.tif").exists()


def test_preview_fit_mask_and_scribbles(picture, tmp_path):
    mask = np.full((24, 32), 255, np.uint8)
    mask[:4] = 0
    scribbles = np.zeros((24, 32), np.uint8)
    scribbles[10, 2:8], scribbles[10, 20:26] = 1, 2
    for name, array in (("mask", mask), ("scribbles", scribbles)):
        iio.imwrite(tmp_path / f"{name}.png", array)
    out, preview, fit = (tmp_path / n for n in ("out.tif", "preview.png", "fit.safetensors"))
    flags = ("--mask", str(tmp_path / "mask.png"), "--scribbles", str(tmp_path / "scribbles.png"))
    code = segment(picture, out, *flags, "--preview", str(preview), "--save-fit", str(fit))
    assert code == 0
    labels = tifffile.imread(out)
    assert not labels[:4].any()
    assert labels[4:].all()
    assert iio.imread(preview).shape == (24, 32 * 2 + 6, 3)
    predicted = load_fit(fit).predict(read_image(picture).data, channel_axis=-1)
    assert set(np.unique(labels)) - {0} <= set(np.unique(predicted))
    again = tmp_path / "again.tif"
    assert main(["replay", str(out), "-o", str(again)]) == 0
    np.testing.assert_array_equal(tifffile.imread(again), labels)


def test_superpixels_are_those_of_a_run(picture, tmp_path, capsys):
    out, again, run = (tmp_path / f"{name}.tif" for name in ("sp", "again", "run"))
    words = ["superpixels", str(picture), "-o", str(out), "--superpixels", "slic:n_segments=60"]
    assert main(words) == 0
    labels = tifffile.imread(out)
    assert capsys.readouterr().out == f"{labels.max()} superpixels\n"
    assert main(["replay", str(out), "-o", str(again)]) == 0
    np.testing.assert_array_equal(tifffile.imread(again), labels)
    assert segment(picture, run, "--superpixels", str(out)) == 0
    assert segment(picture, again) == 0
    np.testing.assert_array_equal(tifffile.imread(run), tifffile.imread(again))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("superpixels", "works on 2-D images: choose another algorithm, or give one plane."),
        ("segment", "along the stack (segment and batch have --carry independent)."),
    ],
)
def test_superpixels_of_planes_refuse_a_volume_by_what_can_be_done(
    tmp_path, capsys, command, words
):
    volume = np.random.default_rng(0).integers(0, 200, (6, 20, 24)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "v.tif", volume, metadata={"axes": "ZYX"}, ome=True)
    line = [command, str(tmp_path / "v.tif"), "-o", str(tmp_path / "o.tif")]
    told = refused(capsys, *line, "--superpixels", "quickshift")[1]
    assert words in told
    assert ("--carry" in told) == (command == "segment")


def test_a_contour_map_gives_superpixels(picture, tmp_path, capsys):
    ucm2 = np.zeros((49, 65))
    ucm2[:, 32] = 0.5
    savemat(tmp_path / "map.mat", {"ucm2": ucm2})
    out, again, run = (tmp_path / f"{name}.tif" for name in ("sp", "again", "run"))
    words = ["--superpixels", f"contour_map:file={tmp_path / 'map.mat'},threshold=0.25"]
    assert main(["superpixels", str(picture), "-o", str(out), *words]) == 0
    assert capsys.readouterr().out == "2 superpixels\n"
    assert [np.unique(tifffile.imread(out)[:, k]).tolist() for k in (0, 15, 16, 31)] == [
        [1],
        [1],
        [2],
        [2],
    ]
    (tmp_path / "map.mat").rename(tmp_path / "moved.mat")
    assert main(["replay", str(out), "-o", str(again)]) == 0
    np.testing.assert_array_equal(tifffile.imread(again), tifffile.imread(out))
    words[1] = words[1].replace("map.mat", "moved.mat")
    assert segment(picture, run, *words) == 0
    assert main(["replay", str(run), "-o", str(again)]) == 0
    np.testing.assert_array_equal(tifffile.imread(again), tifffile.imread(run))


@pytest.mark.parametrize("text", ["slick:compactness=0.5", "contour-map:file=a.mat"])
def test_a_misspelt_name_is_no_missing_file(picture, tmp_path, capsys, text):
    words = ["superpixels", str(picture), "-o", str(tmp_path / "sp.tif"), "--superpixels", text]
    assert "known are slic" in refused(capsys, *words)[1]


def test_a_value_with_a_point_is_no_file(picture, tmp_path, capsys):
    words = ["superpixels", str(picture), "-o", str(tmp_path / "sp.tif")]
    assert main([*words, "--superpixels", "slic:n_segments=60,compactness=0.5"]) == 0
    assert capsys.readouterr().out.endswith("superpixels\n")


def test_volumes_keep_their_pixel_size(tmp_path):
    path, out = tmp_path / "volume.ome.tif", tmp_path / "out.tif"
    volume = np.random.default_rng(1).integers(0, 900, (6, 16, 16)).astype(np.uint16)
    sizes = {f"PhysicalSize{a}": s for a, s in zip("ZYX", (2.0, 0.5, 0.5), strict=True)}
    tifffile.imwrite(path, volume, photometric="minisblack", metadata={"axes": "ZYX", **sizes})
    assert segment(path, out) == 0
    found = read_image(out)
    assert found.spacing == (2.0, 0.5, 0.5)
    assert found.unit == "µm"
    assert found.data.shape == (6, 16, 16)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["segment", "{dir}/none.png", "-o", "{dir}/o.tif"], "There is no file"),
        (["segment", "{dir}/empty.png", "-o", "{dir}/o.tif"], "empty.png is empty"),
        (["segment", "{dir}/broken.tif", "-o", "{dir}/o.tif"], "broken.tif holds no image"),
        (["segment", "{dir}/note.txt", "-o", "{dir}/o.tif"], "give a TIFF, OME-Zarr, PNG or JPEG"),
        (["segment", "{picture}", "-o", "{dir}/o.png"], "must end in .tif"),
        (["segment", "{picture}", "-o", "{dir}/no/o.tif"], "There is no folder"),
        (
            ["segment", "{picture}", "-o", "{dir}/o.tif", "--method", "magic"],
            "known are consensus, objects, backprop",
        ),
        (["segment", "{picture}", "-o", "{dir}/o.tif", "--channels", "1"], "channels must be"),
        (["segment", "{picture}", "-o", "{dir}/o.tif", "--colour", "1"], "--colour"),
        (["segment", "{picture}", "-o", "{dir}/o.tif", "--device", "warp"], "no device 'warp'"),
        (["segment", "{picture}", "-o", "{dir}/o.tif", "--superpixels", "hex"], "known are slic"),
        (["segment", "{picture}", "-o", "{dir}/o.tif", "--threads", "0"], "from 1 to 1024"),
        (
            ["segment", "{picture}", "-o", "{dir}/o.tif", "--mask", "{dir}/thin.png"],
            "mask has shape",
        ),
        (
            ["replay", "{picture}", "-o", "{dir}/o.tif"],
            "no record, as no PNG has",
        ),
        (["replay", "{dir}/plain.tif", "-o", "{dir}/o.tif"], "has no record"),
        (["segment"], "required: image"),
        (["conjure"], "invalid choice"),
        ([], "required"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(picture, tmp_path, capsys, words, says):
    (tmp_path / "empty.png").touch()
    (tmp_path / "broken.tif").write_bytes(b"II*\0 and then nothing of use")
    (tmp_path / "note.txt").write_text("hello")
    iio.imwrite(tmp_path / "thin.png", np.ones((3, 4), np.uint8))
    tifffile.imwrite(tmp_path / "plain.tif", np.ones((3, 4), np.uint8))
    before = sorted(tmp_path.iterdir())
    code, line = refused(capsys, *(w.format(dir=tmp_path, picture=picture) for w in words))
    assert code == 2
    assert says in line
    assert sorted(tmp_path.iterdir()) == before


def test_a_full_disk_leaves_nothing(picture, tmp_path, capsys, monkeypatch):
    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tifffile.TiffWriter, "write", full)
    before = sorted(tmp_path.iterdir())
    words = ("segment", str(picture), "-o", str(tmp_path / "o.tif"), *FAST)
    code, line = refused(capsys, *words)
    assert code == 2
    assert "No space left on device" in line
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MemoryError(), "Not enough memory for this run: use fewer channels"),
        (torch.OutOfMemoryError("CUDA out of memory."), "Not enough memory for this run"),
        (RuntimeError("CUDA error: unspecified launch failure"), "choose the CPU, or restart"),
        (RuntimeError("the kernel is gone"), "the kernel is gone"),
    ],
)
def test_what_goes_wrong_on_the_way_is_one_sentence(
    picture, tmp_path, capsys, monkeypatch, error, says
):
    def broken(self, network, inputs):
        yield from ()
        raise error

    monkeypatch.setattr(Backprop, "steps", broken)
    words = ("segment", str(picture), "-o", str(tmp_path / "o.tif"), *FAST)
    code, line = refused(capsys, *words)
    assert code == 1
    assert says in line
    assert list(tmp_path.iterdir()) == [picture]


def test_an_image_too_large_for_the_memory_is_one_sentence(picture, tmp_path, capsys, monkeypatch):
    def full(*args, **options):
        raise MemoryError

    monkeypatch.setattr("napari_selfseg.scale._label._task.open_image", full)
    words = ("segment", str(picture), "-o", str(tmp_path / "o.tif"), *FAST)
    expected = "napari-selfseg: Not enough memory: try a smaller image."
    assert refused(capsys, *words) == (1, expected)


@pytest.fixture
def interrupted(monkeypatch):
    """Press Ctrl-C so many times after the second step of a run."""
    steps = Backprop.steps

    def make(times, number=signal.SIGINT):
        def pressed(self, network, inputs):
            for t, step in enumerate(steps(self, network, inputs)):
                yield step
                for _ in range(times if t == 1 else 0):
                    signal.raise_signal(number)

        monkeypatch.setattr(Backprop, "steps", pressed)

    # Python leaves the signal alone where the tests themselves run in the background.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield make
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_the_run_and_writes_what_was_found(
    picture, tmp_path, capsys, interrupted, number
):
    interrupted(1, number)
    out = tmp_path / "out.tif"
    words = ("segment", str(picture), "-o", str(out), *FAST, "--iterations", "50")
    code, line = refused(capsys, *words)
    assert code == 130
    assert line.endswith(f"Interrupted after 1 of 50 iterations; the labels so far are in {out}.")
    record = read_record(out)
    assert (record["iterations"], record["stop"]["kind"]) == (1, "asked")
    assert tifffile.imread(out).min() >= 1


def test_ctrl_c_twice_ends_at_once(picture, tmp_path, capsys, interrupted):
    interrupted(2)
    words = ("segment", str(picture), "-o", str(tmp_path / "o.tif"), *FAST, "--iterations", "50")
    expected = "napari-selfseg: Interrupted; nothing was written."
    assert refused(capsys, *words) == (130, expected)
    assert list(tmp_path.iterdir()) == [picture]


def test_ctrl_c_is_pythons_again_after_a_run(picture, tmp_path):
    before = signal.getsignal(signal.SIGINT)
    assert segment(picture, tmp_path / "out.tif") == 0
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("kind", [*METHODS, *SUPERPIXELS])
def test_flags_give_the_defaults(kind):
    parser = Parser()
    add_parameters(parser, kind.title, kind.declared())
    assert kind(**values_of(parser.parse_args([]), kind.declared())) == kind()


@pytest.mark.parametrize("kind", [*METHODS, *SUPERPIXELS])
def test_every_flag_is_understood(kind):
    parser = Parser()
    add_parameters(parser, kind.title, kind.declared())
    words = []
    for each in kind.declared():
        if each.type is bool:
            words.append(each.flag.replace("--", "--no-", 1) if each.default else each.flag)
        else:
            words += [each.flag, str(each.choices[-1] if each.choices else each.default)]
    made = kind(**values_of(parser.parse_args(words), kind.declared()))
    for each in kind.declared():
        if each.choices:
            assert getattr(made, each.name) == each.choices[-1]
        if each.type is bool:
            assert getattr(made, each.name) is not each.default


def test_the_module_is_the_command():
    words = [sys.executable, "-m", "napari_selfseg"]
    shown = subprocess.run([*words, "plan", "--help"], capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("usage: python -m napari_selfseg plan ")
    wrong = subprocess.run([*words, "plam"], capture_output=True, text=True)
    assert wrong.returncode == 2
    assert wrong.stderr.rstrip().endswith("(see python -m napari_selfseg --help).")


def test_methods_lists_every_parameter(capsys):
    assert main(["methods"]) == 0
    out = capsys.readouterr().out
    for kind in (*METHODS, *SUPERPIXELS):
        assert f"{kind.name}" in out
        assert all(f"  {each.name} " in out for each in kind.declared())


def test_help_shows_the_flags_of_the_method(capsys):
    with pytest.raises(SystemExit) as left:
        main(["segment", "--help"])
    assert left.value.code == 0
    assert "--granularity" in capsys.readouterr().out


def test_demo_writes_labels_and_preview_that_can_be_replayed(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(demo, "ITERATIONS", 2)
    out = tmp_path / "new" / "folder"
    assert main(["demo", "--headless", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert str(out / "labels.tif") in said
    assert str(out / "preview.png") in said
    labels = tifffile.imread(out / "labels.tif")
    assert labels.shape == samples.load(demo.SAMPLE).shape[:2]
    assert main(["replay", str(out / "labels.tif"), "-o", str(tmp_path / "again.tif")]) == 0
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "again.tif"), labels)


def test_demo_without_a_display_says_so_and_writes(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(demo, "_why_no_window", lambda: "There is no display")
    monkeypatch.setattr(demo, "ITERATIONS", 1)
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
    assert "There is no display: writing files instead." in capsys.readouterr().err
    assert (tmp_path / "demo" / "preview.png").is_file()


def test_a_warning_is_said_once_and_those_of_pillow_never():
    with warnings_as_sentences():
        said = [
            warnings.formatwarning(UserWarning(text), UserWarning, f"/lib/{module}.py", 1)
            for module in ("PIL/PngImagePlugin", "napari_selfseg/io/_images")
            for text in ("a.tif is large.", "b.tif is large.", "a.tif is large.")
        ]
    assert said[:3] == ["", "", ""]
    assert "".join(said) == "napari-selfseg: a.tif is large.\nnapari-selfseg: b.tif is large.\n"
