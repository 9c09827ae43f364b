"""Coarser grids, of even and odd sizes."""

import torch

from napari_selfseg.nets.layers.pooling import halved, pooled, pooled_mask


def test_a_pixel_is_the_largest_of_those_it_stands_for():
    x = torch.tensor([[1.0, 5, 2], [3, 4, 0], [7, 6, 8]])[None, None]
    assert pooled(x)[0, 0].tolist() == [[5, 2], [7, 8]]
    volume = torch.arange(3 * 4 * 2.0).reshape(1, 1, 3, 4, 2)
    assert pooled(volume)[0, 0].tolist() == [[[11], [15]], [[19], [23]]]


def test_a_coarse_pixel_has_data_where_one_of_its_pixels_has():
    valid = torch.tensor([[0, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=torch.bool)[None, None]
    assert pooled_mask(valid)[0, 0].tolist() == [[False, True], [True, False]]
    assert pooled_mask(None) is None


def test_masks_get_coarser_one_after_the_other():
    valid = torch.zeros(1, 1, 5, 9, dtype=torch.bool)
    valid[..., 4, 8] = True
    masks = halved(valid, 3)
    assert [tuple(mask.shape[2:]) for mask in masks] == [(5, 9), (3, 5), (2, 3)]
    assert all(mask.sum() == 1 and mask[..., -1, -1] for mask in masks)
    assert halved(None, 3) == [None, None, None]
