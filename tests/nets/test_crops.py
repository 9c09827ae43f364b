"""Random crops: inside the image, about data, the same for every tensor, from the generator."""

import pytest
import torch

from napari_selfseg.nets import Crop, cropped, draw_crops

SHAPE = (2, 9, 13)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(shape=SHAPE, side=4, count=50, seed=0, data=None):
    return draw_crops(shape, side, count, generator(seed), data)


@pytest.mark.parametrize("shape", [SHAPE, (1, 5, 6, 7)])
def test_crops_lie_inside_and_are_of_one_size(shape):
    crops = drawn(shape)
    for crop in crops:
        assert 0 <= crop.image < shape[0]
        for part, n in zip(crop.where, shape[1:], strict=True):
            assert part.stop - part.start == 4
            assert part.start >= 0
            assert part.stop <= n
    starts = [crop.where[0].start for crop in crops]
    assert (min(starts), max(starts)) == (0, shape[1] - 4)
    assert {crop.image for crop in crops} == set(range(shape[0]))
    assert {crop.flipped for crop in crops} == {False, True}


def test_an_axis_shorter_than_the_side_is_taken_whole():
    assert all(crop.where[0] == slice(0, 9) for crop in drawn(side=11))
    assert {crop.where[1].stop - crop.where[1].start for crop in drawn(side=11)} == {11}


def test_every_crop_holds_data():
    valid = torch.zeros(SHAPE, dtype=torch.bool)
    valid[1, 0, 12] = valid[1, 8, 3] = True
    data = valid.flatten().nonzero()[:, 0]
    found = cropped(valid, drawn(data=data)).flatten(1)
    assert found.any(dim=1).all()
    assert not cropped(valid, drawn()).flatten(1).any(dim=1).all(), "test invalid"


def test_a_crop_is_the_part_and_its_mirror_image():
    x = torch.arange(2 * 3 * 9 * 13).view(2, 3, 9, 13)
    where = (slice(2, 4), slice(5, 8))
    plain, turned = Crop(1, where, False), Crop(1, where, True)
    assert torch.equal(plain(x), x[1, :, 2:4, 5:8])
    assert torch.equal(turned(x), x[1, :, 2:4, [7, 6, 5]])
    assert torch.equal(cropped(x[:, 0], [plain, turned])[1], x[1, 0, 2:4, [7, 6, 5]])


def test_one_seed_one_draw_and_the_global_generator_untouched():
    before = torch.get_rng_state()
    assert drawn() == drawn()
    assert drawn() != drawn(seed=1)
    assert torch.equal(torch.get_rng_state(), before)
