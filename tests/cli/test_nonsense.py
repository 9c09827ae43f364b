"""Numbers that make no sense, endless paths, faults nobody thought of: one sentence each."""

from __future__ import annotations

import errno

import pytest

from napari_selfseg.cli import _methods, main

LINE = 400
TILED = ["--tile", "--connected", "--samples", "--sample-size"]
NUMBERS = {
    "segment": [*TILED, "--threads", "--memory", "--segments", "--stack-iterations"],
    "plan": [*TILED, "--threads", "--memory"],
    "apply": ["--tile", "--connected", "--threads", "--memory"],
    "batch": ["--minimum-size", "--threads", "--memory", "--segments", "--planes-fitted"],
    "train": ["--checkpoint-every", "--stable", "--tile", "--threads"],
    "run": ["--index", "--of"],
    "evaluate": ["--ignore", "--background"],
}
FIRST = {
    "segment": ["IMAGE", "-o", "OUT.tif"],
    "plan": ["IMAGE", "-o", "OUT.ome.zarr"],
    "apply": ["MODEL", "IMAGE", "-o", "OUT"],
    "batch": ["IMAGE", "-o", "OUT"],
    "train": ["IMAGE", "-o", "OUT.safetensors"],
    "run": ["OUT.ome.zarr"],
    "evaluate": ["IMAGE", "--against", "IMAGE"],
}
NONSENSE = ("-1", "nan", "inf", "1e3", "", "a", "9" * 30, "9" * 500, "-0.5", "1_0", "7.5")
ALSO_ZERO = {"--connected", "--minimum-size", "--index", "--ignore", "--background"}
CASES = [
    (command, flag, value)
    for command, flags in NUMBERS.items()
    for flag in flags
    for value in (*NONSENSE, *(() if flag in ALSO_ZERO else ("0",)))
    if not (flag == "--memory" and value in ("9" * 30, "7.5", "1_0"))
    # Labels of the truth may be negative.
    and not (command == "evaluate" and value == "-1")
]


def refused(capsys, *words):
    """Run words that must fail; return the one line that says why."""
    code = main(list(words))
    out, err = capsys.readouterr()
    assert code in (1, 2)
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("napari-selfseg: ")
    assert len(line) <= LINE
    return line


@pytest.mark.parametrize(("command", "flag"), [(c, f) for c in NUMBERS for f in NUMBERS[c]])
def test_a_number_that_makes_no_sense_names_its_flag(picture, tmp_path, capsys, command, flag):
    places = {"IMAGE": str(picture), "-o": "-o", "--against": "--against"}
    words = [places.get(word, str(tmp_path / word)) for word in FIRST[command]]
    for value in [v for c, f, v in CASES if (c, f) == (command, flag)]:
        assert flag in refused(capsys, command, *words, f"{flag}={value}"), value
    assert [each.name for each in tmp_path.iterdir()] == ["picture.png"]


def test_a_flag_is_named_once(picture, tmp_path, capsys):
    line = refused(capsys, "segment", str(picture), "-o", str(tmp_path / "o.tif"), "--memory=x")
    assert line.startswith("napari-selfseg: --memory: takes a size such as 2GB or 500MB, not 'x'")


@pytest.mark.parametrize(
    "flag", ["--connected=5", "--votes=a.tif", "--scheduler=processes:2", "--resume"]
)
def test_a_flag_of_tiles_is_not_ignored(picture, tmp_path, capsys, flag):
    line = refused(capsys, "segment", str(picture), "-o", str(tmp_path / "o.tif"), flag)
    assert f"{flag.partition('=')[0]} is for work tile by tile: add --memory 2GB" in line


@pytest.mark.parametrize("value", ["7", "1.0001", "0", "-0.1", "nan"])
def test_a_share_of_stable_pixels_is_at_most_one(picture, tmp_path, capsys, value):
    words = ["train", str(picture), "-o", str(tmp_path / "m.safetensors"), f"--stable={value}"]
    assert "0.99" in refused(capsys, *words)


@pytest.mark.parametrize("number", [0, 100_000_000])
def test_processes_that_cannot_be(picture, tmp_path, capsys, number):
    words = ["batch", str(picture), "-o", str(tmp_path / "o"), "--scheduler", f"processes:{number}"]
    assert "processes" in refused(capsys, *words)


@pytest.mark.parametrize(
    "words",
    [
        ["segment", "{long}.png", "-o", "{here}/o.tif"],
        ["segment", "{picture}", "-o", "{here}/{long}/o.tif"],
        ["segment", "{picture}", "-o", "{here}/{long}.tif"],
        ["segment", "{picture}", "-o", "{here}/o.tif", "--superpixels", "{long}"],
        ["segment", "{picture}", "-o", "{here}/o.tif", "--superpixels", "slic:{long}=1"],
        ["segment", "{picture}", "-o", "{here}/o.tif", "--method", "{long}"],
        ["segment", "{picture}", "-o", "{here}/o.tif", "--iterations", "{long}"],
        ["segment", "{picture}", "-o", "{here}/o.tif", "--device", "{long}"],
        ["segment", "{picture}", "-o", "{here}/o.tif", "--mask", "{long}.png"],
        ["batch", "{here}/{long}/*.png", "-o", "{here}/o"],
        ["batch", "{picture}", "-o", "{here}/o", "--recipe", "{long}.json"],
        ["apply", "{long}.safetensors", "{picture}", "-o", "{here}/o"],
        ["train", "{long}", "-o", "{here}/o.safetensors"],
        ["run", "{long}"],
        ["replay", "{long}.tif", "-o", "{here}/o.tif"],
        ["evaluate", "{long}.tif", "--against", "{picture}"],
        ["{long}"],
        ["demo", "--headless", "--out", "{picture}/{long}"],
    ],
)
def test_a_path_without_end_is_not_echoed(picture, tmp_path, capsys, words):
    long = "/".join(["x" * 90] * 60)
    refused(capsys, *(w.format(long=long, picture=picture, here=tmp_path) for w in words))


def test_what_a_name_would_do_to_a_terminal_is_not_done(tmp_path, capsys):
    line = refused(capsys, "segment", f"{tmp_path}/\x1b[31mred\x07.png", "-o", f"{tmp_path}/o.tif")
    assert line.isprintable()


def test_a_fault_nobody_thought_of_is_a_sentence_and_a_file(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    def broken(args):
        raise AttributeError("'NoneType' object has no attribute 'shape'")

    monkeypatch.setattr(_methods, "_run", broken)
    line = refused(capsys, "methods")
    (report,) = tmp_path.glob("*.txt")
    assert str(report) in line
    assert "Traceback" in report.read_text()
    assert "AttributeError" in report.read_text()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/out.tif"), "full"),
        (OSError(errno.EACCES, "Permission denied", "/data/out.tif"), "ermission"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x" * 400), "too long"),
        (OSError(errno.EIO, "Input/output error"), "nput/output error"),
        (MemoryError(), "memory"),
    ],
)
def test_an_error_of_the_system_is_a_sentence(capsys, monkeypatch, error, says):
    def broken(args):
        raise error

    monkeypatch.setattr(_methods, "_run", broken)
    line = refused(capsys, "methods")
    assert says in line
    assert "Errno" not in line


def test_a_reader_that_goes_away_is_no_fault(capsys, monkeypatch):
    def broken(args):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(_methods, "_run", broken)
    assert main(["methods"]) == 141
    assert capsys.readouterr().err == ""
