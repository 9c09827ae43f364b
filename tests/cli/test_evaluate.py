from __future__ import annotations

import json

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from scipy.io import savemat

from napari_selfseg.cli import main
from napari_selfseg.metrics import METRICS, evaluate, overall, stability

TRUTH = np.array([[1, 1, 1, 2, 2, 2, 9, 9]] * 6, np.uint8)
LABELS = np.array([[1, 1, 2, 2, 2, 2, 3, 3]] * 6, np.uint8)
OTHER = np.array([[4, 4, 4, 4, 5, 5, 5, 5]] * 6, np.uint8)


@pytest.fixture
def folder(tmp_path):
    for name, array in (("labels", LABELS), ("other", OTHER), ("truth", TRUTH)):
        tifffile.imwrite(tmp_path / f"{name}.tif", array)
    cells = np.empty((1, 2), dtype=object)
    for k, truth in enumerate((TRUTH, OTHER)):
        cells[0, k] = {"Segmentation": truth, "Boundaries": truth > 1}
    savemat(tmp_path / "both.mat", {"groundTruth": cells})
    iio.imwrite(tmp_path / "image.png", np.stack([TRUTH * 20, LABELS, OTHER], axis=-1))
    return tmp_path


def run(folder, line):
    """Run words in which names of files stand alone."""
    words = [str(folder / word) if "." in word else word for word in line.split()]
    return main(["evaluate", *words])


def rows(text):
    """The last number of each row of the table, by title."""
    known = {metric.title.strip() for metric in METRICS}
    split = (line.split() for line in text.splitlines())
    found = {" ".join(words[:-2]): words[-1] for words in split if len(words) > 2}
    return {title: float(value) for title, value in found.items() if title in known}


def test_the_table_shows_every_metric(folder, capsys):
    assert run(folder, "labels.tif --against truth.tif") == 0
    out = capsys.readouterr().out
    assert "3 segments against 3 regions" in out
    values = evaluate(LABELS, [TRUTH]).values
    assert rows(out) == {m.title.strip(): pytest.approx(values[m.name], abs=5e-4) for m in METRICS}
    assert out.splitlines()[-1].split() == ["with", "so", "many", "segments", "3"]


def test_json_holds_values_and_counts_per_file_and_overall(folder):
    words = "labels.tif other.tif --against truth.tif both.mat --ignore 9 --background 1"
    assert run(folder, f"{words} --json out.json") == 0
    found = json.loads((folder / "out.json").read_text())
    options = {"ignore": [9], "background": [1]}
    expected = [evaluate(LABELS, [TRUTH], **options), evaluate(OTHER, [TRUTH, OTHER], **options)]
    for entry, evaluation in zip(found["files"], expected, strict=True):
        assert evaluation.as_dict().items() <= entry.items()
    assert found["overall"] == overall(expected)
    assert found["files"][1]["truths"] == [str(folder / "both.mat")]
    assert (found["ignore"], found["background"]) == ([9], [1])
    assert found["stability"] is None


def test_figures_of_objects_that_mislead_are_left_out_with_a_sentence(folder, capsys):
    nuclei = np.where(TRUTH == 1, 0, TRUTH)
    tifffile.imwrite(folder / "nuclei.tif", nuclei)
    line = "labels.tif nuclei.tif --against nuclei.tif nuclei.tif --json out.json"
    assert run(folder, line) == 0
    out = capsys.readouterr().out
    (sentence,) = (each for each in out.splitlines() if "No figures" in each)
    assert sentence.startswith("[1] ")
    assert "the labels have none" in sentence
    (quality,) = (each.split() for each in out.splitlines() if "Panoptic quality" in each)
    assert quality[-3:] == ["-", "1.000", "-"]
    assert json.loads((folder / "out.json").read_text())["background"] == [0]
    assert run(folder, "labels.tif --against nuclei.tif") == 0
    assert "Panoptic" not in capsys.readouterr().out


def test_without_background_labels_every_label_is_an_object(folder, capsys):
    tifffile.imwrite(folder / "nuclei.tif", np.where(TRUTH == 1, 0, TRUTH))
    assert run(folder, "labels.tif --against nuclei.tif --background") == 0
    out = capsys.readouterr().out
    assert "No figures" not in out
    # The same as if no label were 0.
    values = evaluate(LABELS, [TRUTH], background=()).values
    assert rows(out)["Panoptic quality, IoU above 0.5"] == pytest.approx(
        values["panoptic_quality"], abs=5e-4
    )


def test_each_against_is_another_annotator(folder):
    words = "labels.tif --against truth.tif --against other.tif --json"
    assert run(folder, f"{words} two.json") == 0
    assert run(folder, "labels.tif --against both.mat --json mat.json") == 0
    two, mat = (
        json.loads((folder / name).read_text())["files"][0] for name in ("two.json", "mat.json")
    )
    assert len(two["annotators"]) == 2
    assert two["annotators"] == mat["annotators"]
    assert two["values"] == mat["values"] == evaluate(LABELS, [TRUTH, OTHER]).values


def test_figures_without_truth_stand_apart(folder, capsys):
    words = "labels.tif other.tif truth.tif --image image.png --json out.json"
    assert run(folder, words) == 0
    out = capsys.readouterr().out
    assert "Against ground truth" not in out
    assert "Without ground truth (not accuracy)" in out
    found = json.loads((folder / "out.json").read_text())
    assert found["stability"] == stability([LABELS, OTHER, TRUTH])._asdict()
    assert found["overall"] is None
    figures = [each["without_truth"] for each in found["files"]]
    assert figures[2]["contrast"] > figures[0]["contrast"]
    assert f"{figures[2]['contrast']:.4g}" in out
    assert "values" not in found["files"][0]


def test_both_kinds_of_figures_together(folder, capsys):
    assert run(folder, "labels.tif --against truth.tif --image image.png") == 0
    out = capsys.readouterr().out
    assert out.index("Against ground truth") < out.index("Without ground truth (not accuracy)")
    assert "Stability" not in out


def test_many_files_are_shown_as_one(folder, capsys):
    assert run(folder, f"{'labels.tif ' * 6} --against {'truth.tif ' * 6} --image image.png") == 0
    out = capsys.readouterr().out
    assert "[6]" in out
    assert rows(out)["Segmentation covering"] == pytest.approx(
        evaluate(LABELS, [TRUTH]).values["covering"], abs=5e-4
    )
    assert max(map(len, out.splitlines()[7:])) < 80


def test_volumes(folder, capsys):
    volume = np.stack([LABELS, LABELS])
    for name, array in (("labels", volume), ("truth", np.stack([TRUTH, TRUTH]))):
        tifffile.imwrite(folder / f"{name}-3d.tif", array, metadata={"axes": "ZYX"})
    assert run(folder, "labels-3d.tif --against truth-3d.tif") == 0
    assert "Boundary F" in capsys.readouterr().out


def _write_bad(folder):
    tifffile.imwrite(folder / "thin.tif", np.ones((3, 4), np.uint8))
    tifffile.imwrite(folder / "float.tif", np.full((6, 8), 1.5, np.float32))
    tifffile.imwrite(folder / "all9.tif", np.full((6, 8), 9, np.uint8))
    (folder / "broken.mat").write_bytes(b"no matrix at all" * 20)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("labels.tif", "--against a truth, --image, or both"),
        ("", "required: LABELS"),
        ("labels.tif --against thin.tif", "labels.tif: The labels have shape (6, 8) and the truth"),
        ("thin.tif --image image.png", "thin.tif: The labels have shape (3, 4) and the image"),
        ("labels.tif thin.tif --image image.png", "thin.tif: The labels have shape"),
        ("float.tif --against truth.tif", "float.tif holds float32: labels are whole numbers"),
        ("labels.tif --against float.tif", "float.tif holds float32"),
        ("labels.tif --against none.tif", "There is no file"),
        ("none.tif --against truth.tif", "There is no file"),
        ("labels.tif --image none.png", "There is no file"),
        ("image.png --against truth.tif", "image.png has colours"),
        ("labels.tif --against broken.mat", "broken.mat cannot be read"),
        ("labels.tif other.tif --against truth.tif", "one truth a labels file, 2, not 1"),
        ("labels.tif --against truth.tif truth.tif", "one truth a labels file, 1, not 2"),
        ("labels.tif --against all9.tif --ignore 9", "No pixel is left"),
        ("labels.tif --against truth.tif --ignore road", "--ignore: takes a whole number"),
        ("labels.tif --against truth.tif --json out.txt", "must end in .json"),
        ("labels.tif --against truth.tif --json no/out.json", "There is no folder"),
    ],
)
def test_a_bad_pair_is_one_sentence(folder, capsys, line, says):
    _write_bad(folder)
    before = sorted(folder.iterdir())
    assert run(folder, line) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (sentence,) = err.splitlines()
    assert sentence.startswith("napari-selfseg: ")
    assert says in sentence
    assert sorted(folder.iterdir()) == before
