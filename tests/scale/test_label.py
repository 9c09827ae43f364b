"""One image by one recipe: whole, plane by plane or tile by tile, whatever it needs."""

import numpy as np
import pytest
import tifffile

import napari_selfseg as ss
from napari_selfseg.io import ImageFile, read_label_image
from napari_selfseg.scale import LabelFiles, LabelTask, choose_way, do_alone
from napari_selfseg.scale._label._label_kinds import ObjectKinds

HERE = {"device": "cpu", "threads": 1}
METHOD = ss.Backprop(iterations=2, channels=6, min_labels=1, variant="continuity")
RECIPE = ss.Recipe(METHOD, precision="float32")


def picture(shape=(24, 30)):
    found = np.random.default_rng(0).integers(0, 40, shape)
    found[..., shape[-1] // 2 :] += 150
    return found.astype(np.uint8)


def counted(image, recipe, out, **options):
    """Label, and return what its steps counted."""
    seen = []
    ss.label(image, recipe, out, seen=seen.append, **HERE, **options)
    return [step.progress for step in seen]


@pytest.fixture
def image(tmp_path):
    tifffile.imwrite(tmp_path / "image.tif", picture(), photometric="minisblack")
    return tmp_path / "image.tif"


def test_what_fits_is_done_as_a_whole(image, tmp_path):
    out = tmp_path / "labels.tif"
    steps = counted(image, RECIPE, out)
    assert steps[-1] == ("iteration", 2, 2)
    expected = ss.segment(picture(), METHOD, precision="float32", **HERE).labels()
    np.testing.assert_array_equal(read_label_image(out), expected)
    assert ss.read_record(out)["recipe"] == RECIPE.as_dict()


def test_a_stack_goes_plane_by_plane_where_the_recipe_says_so(tmp_path):
    stack = ImageFile(picture((3, 24, 30)), None, (1.0, 1.0, 1.0), "", None, "stack", "zyx")
    recipe = ss.Recipe(METHOD, precision="float32", carry="warm")
    steps = counted(stack, recipe, tmp_path / "labels.tif")
    assert steps[-1] == ("plane", 3, 3)
    assert read_label_image(tmp_path / "labels.tif").shape == (3, 24, 30)


def test_what_is_larger_than_the_memory_goes_by_tiles(tmp_path):
    tifffile.imwrite(
        tmp_path / "long.tif", picture((32, 3000)), tile=(32, 64), photometric="minisblack"
    )
    steps = counted(tmp_path / "long.tif", RECIPE, tmp_path / "l.ome.zarr", memory=20_000_000)
    assert {step.what for step in steps} == {"iteration", "tile"}, "learned first, then labelled"
    assert steps[-1].done == steps[-1].total > 1


def test_a_picture_and_a_table_are_written_as_well(image, tmp_path):
    result = ss.label(
        image,
        RECIPE,
        tmp_path / "l.tif",
        preview=tmp_path / "l.png",
        objects=tmp_path / "l.csv",
        **HERE,
    )
    assert result.labels == len(np.unique(read_label_image(tmp_path / "l.tif")))
    assert (tmp_path / "l.png").is_file()
    assert (tmp_path / "l.csv").read_text().startswith("label,class,pixels")


def test_labels_that_are_there_are_kept_or_gone_on_with(image, tmp_path):
    out = tmp_path / "labels.tif"
    ss.label(image, RECIPE, out, **HERE)
    with pytest.raises(ValueError, match="is there already: resume, to go on with it"):
        ss.label(image, RECIPE, out, **HERE)
    assert ss.label(image, RECIPE, out, resume=True, **HERE).before
    other = ss.Recipe(METHOD.replace(seed=1), precision="float32")
    with pytest.raises(ValueError, match="made by another recipe: choose another file"):
        ss.label(image, other, out, resume=True, **HERE)


@pytest.mark.parametrize(
    ("name", "files", "sentence"),
    [
        ("l.png", {}, "l.png"),
        ("l.tif", {"preview": "p.tif"}, "p.tif"),
        ("l.tif", {"objects": "o.x"}, "o.x"),
    ],
)
def test_a_file_that_cannot_be_is_refused_before_any_work(image, tmp_path, name, files, sentence):
    places = {key: tmp_path / value for key, value in files.items()}
    with pytest.raises(ValueError, match=sentence):
        ss.label(image, RECIPE, tmp_path / name, seen=lambda step: pytest.fail("work"), **places)


@pytest.mark.parametrize(
    ("ndim", "along", "tiled", "fits", "way"),
    [
        (2, False, False, True, "whole"),
        (2, False, False, False, "tiles"),
        (2, False, True, None, "tiles"),
        (2, True, False, True, "whole"),
        (3, True, False, None, "planes"),
        (3, True, True, None, "planes"),
        (3, False, False, True, "whole"),
    ],
)
def test_the_way_is_chosen_by_one_function(ndim, along, tiled, fits, way):
    def asked():
        assert fits is not None, "memory is asked where something else decides"
        return fits

    assert choose_way(ndim, along=along, tiled=tiled, fits=asked) == way


def test_who_prepares_sees_the_image_and_the_way_before_any_work(image, tmp_path):
    seen = []

    def refuse(opened, way):
        seen.append((opened.shape, way))
        raise ValueError("Not this one.")

    task = LabelTask(
        image=image, files=LabelFiles(tmp_path / "l.tif"), recipe=RECIPE, prepare=refuse, **HERE
    )
    with pytest.raises(ValueError, match="Not this one"):
        do_alone(task)
    assert seen == [((24, 30), "whole")]
    assert not (tmp_path / "l.tif").exists()


def test_kinds_come_back_from_a_record():
    kinds = ObjectKinds(np.array([0, 2, 1]), {1: "nucleus"})
    found = ObjectKinds.of_record({"classes": kinds.as_record()})
    assert found.classes.tolist() == [0, 2, 1]
    assert found.names == {1: "nucleus"}
    assert ObjectKinds.of_record({}) is None
