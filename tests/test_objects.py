"""Objects from classes against slow oracles, and their measurements against scikit-image."""

from __future__ import annotations

import tracemalloc
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage
from scipy.spatial import ConvexHull
from skimage.measure import label, regionprops_table

from napari_selfseg.objects import (
    _strips,
    classes_of,
    connected,
    merged_small,
    object_features,
)
from napari_selfseg.objects._shape import hulls

SHAPES = array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=6)
CLASSES = arrays(np.uint8, SHAPES, elements=st.integers(0, 3))
PLANES = arrays(
    np.int32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 4)
)


def drawn(text):
    """One row of text a row of pixels; a dot is 0."""
    return np.array([[0 if c == "." else int(c) for c in row] for row in text.split()])


def pieces_one_by_one(labels, connectivity):
    structure = ndimage.generate_binary_structure(labels.ndim, connectivity)
    for each in np.unique(labels[labels > 0]):
        found, n = ndimage.label(labels == each, structure)
        yield from (found == k for k in range(1, n + 1))


def blobs(seed=0, shape=(60, 80)):
    noise = np.random.default_rng(seed).random(shape)
    return label(ndimage.gaussian_filter(noise, 2) > 0.5, connectivity=1)


# --- pieces ---------------------------------------------------------------------------------------


@given(CLASSES, st.integers(1, 2))
def test_each_piece_of_a_class_is_one_object(labels, connectivity):
    objects = connected(labels, connectivity=connectivity)
    assert objects.dtype == np.int32
    np.testing.assert_array_equal(objects == 0, labels == 0)
    expected = list(pieces_one_by_one(labels, connectivity))
    assert set(np.unique(objects)) - {0} == set(range(1, len(expected) + 1))
    for piece in expected:
        (number,) = np.unique(objects[piece])
        np.testing.assert_array_equal(objects == number, piece)


def test_objects_are_numbered_as_they_are_met():
    np.testing.assert_array_equal(connected(drawn("2.1 2.1 .31")), drawn("1.2 1.2 .32"))


def test_diagonals_count_where_asked():
    labels = drawn("12 21")
    assert connected(labels).max() == 4
    assert connected(labels, connectivity=2).max() == 2


@pytest.mark.parametrize(
    ("before", "size", "after"),
    [
        ("1122 1132 1122", 2, "1122 1122 1122"),  # three faces beat one
        ("111222 113222 113222 111222", 3, "111222 111222 111222 111222"),  # four beat two
        ("11322", 2, "11122"),  # of equals the first
        ("1111 1231 1111", 2, "1111 1111 1111"),  # two small ones side by side
        ("11.2 11.. ....", 2, "11.. 11.. ...."),  # alone, so gone
        ("123", 2, "111"),
        ("12", 3, ".."),
        ("1.. ... ..2", 0, "1.. ... ..2"),
    ],
)
def test_small_pieces_go_to_the_longest_border(before, size, after):
    np.testing.assert_array_equal(merged_small(drawn(before), size), drawn(after))


@given(CLASSES, st.integers(0, 12), st.integers(1, 2))
@settings(max_examples=200)
def test_no_small_piece_is_left(labels, size, connectivity):
    before = labels.copy()
    merged = merged_small(labels, size, connectivity=connectivity)
    np.testing.assert_array_equal(labels, before)
    assert merged.dtype == labels.dtype
    assert set(np.unique(merged)) <= set(np.unique(labels)) | {0}
    assert not merged[labels == 0].any()
    sizes = [piece.sum() for piece in pieces_one_by_one(merged, connectivity)]
    assert min(sizes, default=size) >= size
    np.testing.assert_array_equal(merged_small(merged, size, connectivity=connectivity), merged)
    objects = connected(labels, minimum_size=size, connectivity=connectivity)
    np.testing.assert_array_equal(objects, connected(merged, connectivity=connectivity))


@given(CLASSES, st.integers(2, 12))
def test_only_pieces_whose_whole_island_is_small_vanish(labels, size):
    merged = merged_small(labels, size)
    islands, n = ndimage.label(labels > 0)
    counts = np.bincount(islands.ravel(), minlength=n + 1)
    np.testing.assert_array_equal(merged == 0, (labels == 0) | (counts < size)[islands])


def test_large_pieces_keep_their_class():
    labels = np.kron(drawn("12 31"), np.ones((5, 5), int))
    labels[2, 2] = 3
    expected = np.kron(drawn("12 31"), np.ones((5, 5), int))
    np.testing.assert_array_equal(merged_small(labels, 25 - 1), expected)


@given(CLASSES)
def test_class_of_objects_is_the_class_they_were_cut_from(labels):
    objects = connected(labels)
    found = classes_of(objects, labels)
    assert found.dtype == labels.dtype
    np.testing.assert_array_equal(np.append(0, found)[objects], labels)


@given(PLANES, st.data())
def test_class_of_objects_is_the_most_frequent(objects, data):
    labels = data.draw(arrays(np.uint8, objects.shape, elements=st.integers(0, 5)))
    expected = [np.bincount(labels[objects == k]).argmax() for k in np.unique(objects[objects > 0])]
    np.testing.assert_array_equal(classes_of(objects * 1000, labels), expected)


def test_class_of_objects_whose_numbers_are_beyond_64_bits_together():
    objects = np.array([[2**40, 2**40, 3], [2**63 + 5, 0, 3]], np.uint64)
    labels = np.array([[2**30, 2**30, 5], [7, 9, 6]])
    np.testing.assert_array_equal(classes_of(objects, labels), [5, 2**30, 7])


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        (np.zeros((2, 2)), {}, "whole numbers"),
        (-np.ones((2, 2), int), {}, "negative"),
        (np.zeros(4, int), {}, "neither a plane nor a volume"),
        (np.zeros((2, 2), int), {"connectivity": 3}, "1 to 2"),
        (np.zeros((2, 2), int), {"connectivity": 0, "minimum_size": 5}, "1 to 2"),
    ],
)
def test_what_cannot_be_cut_into_objects_is_refused(labels, options, message):
    with pytest.raises(ValueError, match=message):
        connected(labels, **options)


def test_shapes_must_agree():
    labels = np.ones((3, 3), int)
    with pytest.raises(ValueError, match="make them equal"):
        classes_of(labels, labels[1:])
    with pytest.raises(ValueError, match="make them equal"):
        object_features(labels, np.ones((3, 3, 2)))
    with pytest.raises(ValueError, match="2 positive numbers"):
        object_features(labels, spacing=(1, 0))
    with pytest.raises(ValueError, match="2 channels need as many names"):
        object_features(labels, np.ones((3, 3, 2)), channel_axis=-1, channel_names=["red"])


@pytest.mark.parametrize("shape", [(0, 4), (3, 0, 2)])
def test_nothing_has_no_objects(shape):
    empty = np.zeros(shape, np.uint8)
    assert connected(empty, minimum_size=3).shape == shape
    assert all(len(column) == 0 for column in object_features(empty, empty, classes=empty).values())


def test_no_labels_no_rows():
    table = object_features(np.zeros((4, 5), int), np.ones((4, 5)))
    assert {len(column) for column in table.values()} == {0}
    assert "mean" in table


def test_a_mask_is_a_class():
    np.testing.assert_array_equal(connected(np.eye(3, dtype=bool)), np.diag([1, 2, 3]))


# --- features -------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.25, 0.25), (2.0, 0.5)])
def test_a_plane_against_scikit_image(spacing):
    labels = blobs()
    image = np.random.default_rng(1).random((*labels.shape, 2))
    table = object_features(labels, image, channel_axis=-1, spacing=spacing, unit="µm")
    square = spacing[0] == spacing[1]
    expected = regionprops_table(
        labels,
        image,
        spacing=spacing,
        properties=[
            "label",
            "num_pixels",
            "area",
            "centroid",
            "equivalent_diameter_area",
            "eccentricity",
            *(["perimeter"] if square else []),
            "intensity_mean",
            "intensity_min",
            "intensity_max",
            "intensity_std",
        ],
    )
    named = {
        "label": "index",
        "num_pixels": "pixels",
        "area": "area (µm²)",
        "centroid-0": "centroid y (µm)",
        "centroid-1": "centroid x (µm)",
        "equivalent_diameter_area": "equivalent diameter (µm)",
        "perimeter": "perimeter (µm)",
        **{
            f"intensity_{w}-{c}": f"{w} {c + 1}"
            for w in ("mean", "min", "max", "std")
            for c in (0, 1)
        },
    }
    assert ("perimeter (µm)" in table) == square
    assert len(table["index"]) > 10, "test invalid"
    for theirs, values in expected.items():
        np.testing.assert_allclose(table[named.get(theirs, theirs)], values, rtol=1e-6, atol=1e-7)


def test_a_volume_against_scikit_image():
    labels = blobs(shape=(12, 20, 24))
    image = np.random.default_rng(1).random(labels.shape)
    spacing = (2.0, 0.5, 0.25)
    table = object_features(labels, image, spacing=spacing, unit="µm")
    properties = ["label", "area", "centroid", "equivalent_diameter_area", "intensity_std"]
    expected = regionprops_table(labels, image, spacing=spacing, properties=properties)
    ours = ["index", "volume (µm³)", "centroid z (µm)", "centroid y (µm)", "centroid x (µm)"]
    ours += ["equivalent diameter (µm)", "std"]
    for name, values in zip(ours, expected.values(), strict=True):
        np.testing.assert_allclose(table[name], values, rtol=1e-9)
    assert not {"eccentricity", "solidity", "perimeter (µm)"} & set(table)


@given(PLANES)
@settings(max_examples=200)
def test_perimeter_and_eccentricity_of_anything(labels):
    table = object_features(labels)
    properties = ("label", "perimeter", "eccentricity")
    expected = regionprops_table(labels, properties=properties)
    np.testing.assert_allclose(table["perimeter (pixel)"], expected["perimeter"], atol=1e-9)
    np.testing.assert_allclose(table["eccentricity"], expected["eccentricity"], atol=1e-6)


@given(PLANES, st.sampled_from([(1.0, 1.0), (0.3, 0.3), (5.0, 0.2)]))
def test_solidity_has_bounds_and_does_not_know_the_spacing(labels, spacing):
    found = object_features(labels, spacing=spacing)["solidity"]
    assert ((found > 0) & (found <= 1 + 1e-9)).all()
    np.testing.assert_allclose(found, object_features(labels)["solidity"], rtol=1e-9)


@pytest.mark.parametrize(
    ("text", "solidity"),
    [("1", 1), ("1111", 1), ("11 11", 1), ("1. 11", 3 / 3.5), ("111 1.1", 5 / 6), ("1..1", 0.5)],
)
def test_solidity_of_what_can_be_counted_by_hand(text, solidity):
    assert object_features(drawn(text))["solidity"] == pytest.approx([solidity])


@given(
    arrays(np.int32, st.tuples(st.integers(1, 40), st.integers(1, 9)), elements=st.integers(0, 3))
)
def test_hulls_are_those_of_qhull(labels):
    numbers = np.unique(labels[labels > 0])
    index = np.searchsorted(np.append(0, numbers), labels).astype(np.int32)
    corners, counts, areas = hulls(index, len(numbers))
    ends = np.append(0, np.cumsum(counts))
    squares = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
    for k in range(len(numbers)):
        points = (np.argwhere(index == k + 1)[:, None] + squares).reshape(-1, 2)
        expected = ConvexHull(points)
        assert areas[k] == pytest.approx(expected.volume)
        found = corners[ends[k] : ends[k + 1]].tolist()
        assert sorted(found) == sorted(points[expected.vertices].tolist())


@pytest.mark.parametrize("shape", [(60, 80), (9, 20, 24)])
def test_strips_are_the_whole(monkeypatch, shape):
    labels = blobs(shape=shape)
    image = np.random.default_rng(1).random((*shape, 2))
    how = {"channel_axis": -1, "classes": labels % 3 + 1}
    whole = object_features(labels, image, **how)
    monkeypatch.setattr(_strips, "LARGEST", 7 * prod(shape[1:]))
    strips = object_features(labels, image, **how)
    assert list(strips) == list(whole)
    for name, values in whole.items():
        np.testing.assert_allclose(strips[name], values, rtol=1e-9, atol=1e-7)


def test_measuring_holds_little_at_once():
    labels = np.arange(1, 2501, dtype=np.int32).reshape(50, 50).repeat(50, 0).repeat(50, 1)
    tracemalloc.start()
    object_features(labels, labels.astype(np.uint8))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 25 * labels.size


def test_the_rows_follow_the_numbers_in_use():
    labels = drawn("..7 9.7") * 10**6
    table = object_features(labels, classes=drawn("..2 3.2"), image=drawn("..4 6.8"))
    assert table["index"].tolist() == [7 * 10**6, 9 * 10**6]
    assert table["class"].tolist() == [2, 3]
    assert table["pixels"].tolist() == [2, 1]
    assert table["mean"].tolist() == [6, 6]
    assert table["min"].tolist() == [4, 6]
    assert table["max"].tolist() == [8, 6]
    assert table["std"].tolist() == [2, 0]


def test_channels_have_names_and_any_place():
    labels = drawn("11 22")
    image = np.stack([labels, labels * 10])
    table = object_features(labels, image, channel_axis=0, channel_names=["DAPI", "actin"])
    assert table["mean actin"].tolist() == [10, 20]
    np.testing.assert_array_equal(
        object_features(labels, np.moveaxis(image, 0, 1), channel_axis=1)["max 2"], [10, 20]
    )


def test_nan_and_infinite_pixels_say_so_and_spare_the_others():
    image = np.array([[np.nan, 1.0], [np.inf, 2.0], [5.0, 5.0]])
    table = object_features(drawn("11 22 33"), image)
    assert np.isnan(table["mean"]).tolist() == [True, False, False]
    assert table["max"][1] == np.inf
    assert table["mean"][2] == 5


def test_whole_numbers_do_not_overflow():
    image = np.full((3, 3), 65535, np.uint16)
    assert object_features(np.ones((3, 3), np.uint8), image)["mean"] == 65535
