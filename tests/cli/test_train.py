"""``train`` and ``apply``: one model, the same class ids everywhere."""

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from napari_selfseg import Backprop, Slic
from napari_selfseg.cli import main
from napari_selfseg.io import load_fit, read_image, read_progress, read_record

FAST = ["--method", "backprop", "--variant", "continuity", "--channels", "8", "--min-labels", "1"]


def refused(capsys, *words):
    code = main(list(map(str, words)))
    (line,) = capsys.readouterr().err.splitlines()
    return code, line


@pytest.fixture
def folder(tmp_path):
    """Three small colour pictures with two halves and noise."""
    rng = np.random.default_rng(0)
    where = tmp_path / "pictures"
    where.mkdir()
    for name in "abc":
        noise = rng.integers(0, 40, (24, 32, 3))
        noise[:, 16:, 0] += 180
        iio.imwrite(where / f"{name}.png", noise.astype(np.uint8))
    return where


@pytest.fixture
def model(folder, tmp_path):
    path = tmp_path / "model.safetensors"
    assert main(["train", str(folder), "-o", str(path), *FAST, "--iterations", "4"]) == 0
    return path


def test_a_model_is_trained_on_a_folder(model):
    wanted = Backprop(variant="continuity", channels=8, min_labels=1, iterations=4)
    assert load_fit(model).method == wanted
    assert read_progress(model) == 4


def test_apply_gives_a_class_the_same_number_in_every_image(model, folder, tmp_path):
    out = tmp_path / "labels"
    assert main(["apply", str(model), str(folder), "-o", str(out)]) == 0
    fit = load_fit(model)
    assert sorted(each.name for each in out.iterdir()) == ["a.tif", "b.tif", "c.tif"]
    for name in "abc":
        image = read_image(folder / f"{name}.png")
        expected = fit.predict(image.data, channel_axis=-1)
        np.testing.assert_array_equal(tifffile.imread(out / f"{name}.tif"), expected)
    record = read_record(out / "a.tif")
    assert record["fitted"] == fit.method.as_dict()
    assert record["images"][0]["name"] == str(folder / "a.png")


def test_labels_of_a_model_are_not_replayed(model, folder, tmp_path, capsys):
    main(["apply", str(model), str(folder / "a.png"), "-o", str(tmp_path)])
    code, line = refused(capsys, "replay", tmp_path / "a.tif", "-o", tmp_path / "again.tif")
    assert code == 2
    assert "apply the model again" in line


def test_superpixels_give_one_label_each(model, folder, tmp_path):
    words = ["--superpixels", "slic:n_segments=20"]
    assert main(["apply", str(model), str(folder / "a.png"), "-o", str(tmp_path), *words]) == 0
    plain = load_fit(model).predict(read_image(folder / "a.png").data, channel_axis=-1)
    voted = tifffile.imread(tmp_path / "a.tif")
    borders = [np.count_nonzero(each[:, 1:] != each[:, :-1]) for each in (voted, plain)]
    assert borders[0] < borders[1]
    algorithm = {"name": "slic", **Slic(n_segments=20).model_dump()}
    assert read_record(tmp_path / "a.tif")["superpixels"] == algorithm


def test_superpixels_of_a_file_give_one_label_each(model, folder, tmp_path):
    rows, columns = np.indices((24, 32)) // 8
    pieces = (4 * rows + columns + 1).astype(np.int32)
    tifffile.imwrite(tmp_path / "pieces.tif", pieces)
    words = ["--superpixels", str(tmp_path / "pieces.tif")]
    assert main(["apply", str(model), str(folder / "a.png"), "-o", str(tmp_path), *words]) == 0
    image = read_image(folder / "a.png").data
    expected = load_fit(model).predict(image, channel_axis=-1, superpixels=pieces)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), expected)
    assert read_record(tmp_path / "a.tif")["superpixels"]["shape"] == [24, 32]


def test_a_stack_is_labelled_plane_by_plane(model, folder, tmp_path):
    each = [read_image(path).data for path in sorted(folder.iterdir())]
    tifffile.imwrite(tmp_path / "stack.ome.tif", np.stack(each), metadata={"axes": "ZYXS"})
    out = tmp_path / "out"
    assert main(["apply", str(model), str(tmp_path / "stack.ome.tif"), "-o", str(out)]) == 0
    main(["apply", str(model), str(folder), "-o", str(out)])
    labels = tifffile.imread(out / "stack.ome.tif")
    alone = [tifffile.imread(out / f"{name}.tif") for name in "abc"]
    np.testing.assert_array_equal(labels, np.stack(alone))


def test_a_volume_is_refused_by_what_other_commands_have(tmp_path, capsys):
    volume = np.random.default_rng(0).integers(0, 200, (4, 20, 24)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "p.tif", volume[0])
    tifffile.imwrite(tmp_path / "v.tif", volume, metadata={"axes": "ZYX"}, ome=True)
    grey = tmp_path / "grey.safetensors"
    words = ["--method", "backprop", "--iterations", "1", "--device", "cpu"]
    assert main(["train", str(tmp_path / "p.tif"), "-o", str(grey), *words]) == 0
    capsys.readouterr()
    words = ["apply", str(grey), str(tmp_path / "v.tif"), "-o", str(tmp_path / "out")]
    assert main([*words, "--superpixels", "quickshift"]) == 1
    assert "along the stack (segment and batch have --carry)." in capsys.readouterr().err


def test_one_bad_image_stops_nothing(model, folder, tmp_path, capsys):
    (folder / "b.png").write_bytes(b"not a picture")
    iio.imwrite(folder / "c.png", np.zeros((24, 32), np.uint8))
    assert main(["apply", str(model), str(folder), "-o", str(tmp_path / "out")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].split("/")[-1] for line in lines[:2]] == ["b.png", "c.png"]
    assert lines[2] == "1 of 3 images done."
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["a.tif"]


def test_images_that_would_overwrite_something_are_refused(model, folder, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.png").write_bytes((folder / "a.png").read_bytes())
    code, line = refused(capsys, "apply", model, folder, other, "-o", tmp_path / "out")
    assert code == 2
    assert "have one name" in line
    tifffile.imwrite(tmp_path / "x.tif", np.zeros((9, 9), np.uint8))
    code, line = refused(capsys, "apply", model, tmp_path / "x.tif", "-o", tmp_path)
    assert code == 2
    assert "would be overwritten" in line


def test_training_resumes_with_its_own_method(model, folder):
    words = ["train", str(folder), "-o", str(model), "--resume"]
    assert main([*words, "--iterations", "7"]) == 0
    assert read_progress(model) == 7
    assert load_fit(model).method.channels == 8


def test_nothing_left_to_train_is_said(model, folder, capsys):
    code, line = refused(capsys, "train", folder, "-o", model, "--resume")
    assert code == 0
    assert "has had its 4 iterations" in line


def test_planes_and_tiles_are_images_of_the_collection(folder, tmp_path, monkeypatch):
    import napari_selfseg.scale as scale

    seen = []

    def noted(images, *_, **__):
        seen.append(images)
        raise ValueError("Seen.")

    monkeypatch.setattr(scale, "Trainer", noted)
    stack = np.stack([read_image(path).data for path in sorted(folder.iterdir())])
    tifffile.imwrite(tmp_path / "stack.ome.tif", stack, metadata={"axes": "ZYXS"})
    words = ["train", str(tmp_path / "stack.ome.tif"), "-o", str(tmp_path / "m.safetensors"), *FAST]
    for more in ([], ["--planes"], ["--planes", "--tile", "16"]):
        assert main([*words, *more]) == 2
    assert [len(images) for images in seen] == [1, 3, 3 * 4]
    assert seen[2][0].shape == (12, 16, 3)


def test_images_of_two_kinds_are_no_collection(folder, tmp_path, capsys):
    iio.imwrite(folder / "d.png", np.zeros((24, 32), np.uint8))
    code, line = refused(capsys, "train", folder, "-o", tmp_path / "m.safetensors", *FAST)
    assert code == 2
    assert "d.png has no channels and others have" in line


def test_an_empty_folder_is_no_collection(tmp_path, capsys):
    code, line = refused(capsys, "train", tmp_path, "-o", tmp_path / "m.safetensors", *FAST)
    assert code == 2
    assert "holds no TIFF, OME-Zarr, PNG or JPEG files" in line


def test_a_training_that_is_stable_ends_early(folder, tmp_path):
    model = tmp_path / "model.safetensors"
    check = ["--check", str(folder / "a.png"), "--stable", "0.5", "--checkpoint-every", "2"]
    words = ["train", str(folder / "b.png"), "-o", str(model), *FAST, "--iterations", "500"]
    assert main([*words, *check]) == 0
    assert read_progress(model) < 500
