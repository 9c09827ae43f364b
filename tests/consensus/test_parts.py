"""The parts of a consensus: classical maps, smaller images, members, settings."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from torch import nn

import napari_selfseg as ss
from napari_selfseg.catalogue import METHODS
from napari_selfseg.consensus._image_evidence import ImageEvidence
from napari_selfseg.consensus._sources import (
    SOURCES,
    Borders,
    LabelMap,
    Parts,
    Seen,
    Whole,
    _regions,
)
from napari_selfseg.consensus._sources._clusters import Clusters
from napari_selfseg.consensus._votes._evidence import Evidence, cut
from napari_selfseg.consensus._votes._halving import halved
from napari_selfseg.consensus._votes._members import Members
from napari_selfseg.consensus._votes._training import SideBySide
from napari_selfseg.parameters import ParameterError, restore
from napari_selfseg.protocol import Control, Inputs, Interrupted, restored_size, shrunk, steps_of
from napari_selfseg.regions import vote


def halves(channels=3, noise=0.02, shape=(24, 30)):
    rng = np.random.default_rng(0)
    image = np.zeros((*shape, channels), np.float32)
    image[:, shape[1] // 2 :] = 0.8
    return np.clip(image + rng.normal(scale=noise, size=image.shape), 0, 1).astype(np.float32)


def maps_of(image, mask=None, seed=0):
    """What each source says, where every pixel is a superpixel: its label map."""
    mask = np.ones(image.shape[:-1], bool) if mask is None else mask
    index = np.where(mask, np.cumsum(mask).reshape(mask.shape), 0)
    evidence = ImageEvidence(Borders.of(index.astype(np.int32)))
    parts = Parts(Whole(image, mask), seed)
    return [
        (source.family, votes[index])
        for source in SOURCES
        for votes in evidence.hear(source, parts)
    ]


def regions_of(image):
    return [labels for family, labels in maps_of(image) if family == "regions"]


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_maps_find_what_is_plain_to_see(channels):
    maps = maps_of(halves(channels))
    assert [family for family, _ in maps].count("regions") == len(_regions.SCALES)
    assert [family for family, _ in maps].count("clusters") == 3
    left, right = np.s_[:, :12], np.s_[:, 18:]
    for _, labels in maps[:-1]:  # textons see edges and texture, and both halves are even
        assert not set(np.unique(labels[left])) & set(np.unique(labels[right]))
    assert all(labels.min() >= 1 for _, labels in maps)


def test_textons_tell_stripes_from_even_ground():
    rng = np.random.default_rng(0)
    image = np.full((40, 60, 1), 0.5)
    image[:, 30::4] = image[:, 31::4] = 0.9
    image = np.clip(image + rng.normal(scale=0.01, size=image.shape), 0, 1).astype(np.float32)
    labels = maps_of(image)[-1][1]
    even, striped = set(labels[10:30, 8:22].ravel()), set(labels[10:30, 38:52].ravel())
    assert not even & striped


def test_light_of_two_channels_is_where_they_vary_most():
    rng = np.random.default_rng(0)
    image = rng.random((30, 40, 2)).astype(np.float32)
    image[..., 0] *= 0.01
    seen = Seen(image, np.ones((30, 40), bool))
    assert np.corrcoef(seen.light.ravel(), image[..., 1].ravel())[0, 1] > 0.999


def spotted(shape):
    image = np.full((*shape, 1), 0.2, np.float32)
    image[20:26, 30:36] = 0.9
    return sum(labels[23, 33] != labels[0, 0] for labels in regions_of(image))


def test_regions_of_a_small_image_are_small():
    # The same spot is below the smallest size of most regions where the image is large.
    assert spotted((48, 60)) == len(_regions.SCALES)
    assert spotted((481, 321)) <= len(_regions.SCALES) / 2


def test_regions_of_a_large_image_grow_no_further(monkeypatch):
    def regions(large):
        monkeypatch.setattr(_regions, "LARGE", large)
        return regions_of(halves(shape=(30, 40)))

    pairs = list(zip(regions(1200), regions(600), strict=True))
    assert all((one == other).all() for one, other in pairs)
    assert any(
        (one != other).any() for one, other in zip(regions(1200), regions(5000), strict=True)
    )


def test_nothing_sees_what_is_masked():
    image, mask = halves(), np.ones((24, 30), bool)
    mask[5:9, 3:8] = False
    other = image.copy()
    other[~mask] = 7.0
    for one, two in zip(maps_of(image, mask), maps_of(other, mask), strict=True):
        np.testing.assert_array_equal(one[1], two[1])


def test_maps_of_a_constant_volume():
    maps = maps_of(np.full((3, 4, 5, 2), 0.5, np.float32))
    assert all((labels == labels.flat[0]).all() for _, labels in maps)


def test_only_long_axes_are_halved():
    assert steps_of((63, 64, 200), 2) == (1, 2, 2)
    assert steps_of((64, 64), 1) == (1, 1)


def test_shrinking_averages_the_pixels_with_data():
    x = torch.tensor([[[[1.0, 3.0, 5.0], [1.0, 3.0, 7.0]]]])
    small, valid = shrunk(x, None, (2, 2))
    assert valid is None
    assert small.tolist() == [[[[2.0, 6.0]]]]
    seen = torch.tensor([[[[True, False, False], [True, True, False]]]])
    small, valid = shrunk(x, seen, (2, 2))
    assert valid.tolist() == [[[[True, False]]]]
    assert small[0, 0, 0].tolist() == [pytest.approx(5 / 3), 0.0]


def test_labels_come_back_to_their_size():
    labels = torch.tensor([[[1, 2], [3, 4]]])
    assert restored_size(labels, (3, 4), (2, 2)).tolist() == [
        [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4]]
    ]


def inputs(shape=(66, 70), **more):
    index = torch.arange(1, shape[0] * shape[1] + 1).view(1, *shape)
    values = {"valid": None, "index": index, "n_regions": shape[0] * shape[1], "scribbles": None}
    values |= {"precision": torch.float32, "control": Control()} | more
    return Inputs(x=torch.rand(1, 2, *shape), **values)


def test_members_see_a_smaller_image_and_fine_superpixels():
    drawn = torch.full((1, 66, 70), -1)
    drawn[0, 3, 0], drawn[0, 8, 5] = 30, 7  # a line between those that are left
    plain = dataclasses.replace(inputs(scribbles=drawn), x=torch.zeros(1, 2, 66, 70))
    found = halved(plain, (2, 1))
    assert found.x.shape == (1, 2, 33, 70)
    assert found.index.shape == found.scribbles.shape == (1, 33, 70)
    assert (found.scribbles[0, 1, 0], found.scribbles[0, 4, 5]) == (1, 0)  # numbered through
    assert found.n_regions == int(found.index.max()) == len(torch.unique(found.index))
    assert 33 * 70 / 64 < found.n_regions < 33 * 70 / 8


def test_superpixels_are_numbered_through_and_leave_out_what_is_masked():
    valid = torch.ones(2, 1, 66, 70, dtype=torch.bool)
    valid[0, 0, :8, :8] = False
    given = inputs(valid=valid)
    two = dataclasses.replace(given, x=given.x.repeat(2, 1, 1, 1))
    found = halved(two, (2, 2))
    assert (found.index == 0).sum() == 4 * 4
    assert (found.index[0, :4, :4] == 0).all()
    assert found.index[1].min() == found.index[0].max() + 1


class Counter(nn.Module):
    """A network that is its number of updates."""

    def __init__(self):
        super().__init__()
        self.register_buffer("updates", torch.zeros(()))


class Counting:
    """A member that adds one and may be interrupted in the middle."""

    def __init__(self, fails_at=None, updates=99):
        self.fails_at, self.updates = fails_at, updates

    def steps(self, network, seen):
        for t in range(self.updates):
            yield ss.Step(t, 99, torch.zeros(2), torch.tensor(1), {"loss": torch.tensor(float(t))})
            network.updates += 1
            if self.fails_at == t:
                raise Interrupted


def test_all_members_make_an_update_or_none():
    networks = Members([Counter(), Counter()], lambda number: Counter())
    work = SideBySide([Counting(), Counting(fails_at=1)], networks, inputs())
    work.advance()
    work.advance()
    assert [int(each.updates) for each in networks.live] == [1, 1]
    with pytest.raises(Interrupted):
        work.advance()
    assert [int(each.updates) for each in networks.live] == [1, 1]


def test_a_member_that_has_ended_rests_and_losses_are_averaged():
    networks = Members([Counter(), Counter()], lambda number: Counter())
    work = SideBySide([Counting(updates=2), Counting()], networks, inputs())
    for _ in range(5):
        work.advance()
    assert [int(each.updates) for each in networks.live] == [2, 4]
    assert float(work.losses["loss"]) == pytest.approx((1 + 4) / 2)


def test_copies_are_frozen_and_come_back_from_their_weights():
    networks = Members([nn.Linear(2, 2), nn.Linear(2, 2)], lambda number: nn.Linear(2, 2))
    networks.keep()
    with torch.no_grad():
        networks.live[1].weight += 1
    networks.keep()
    networks.prototypes, networks.names = torch.rand(3, 4), torch.tensor([2, 5, 1])
    again = Members([nn.Linear(2, 2), nn.Linear(2, 2)], lambda number: nn.Linear(2, 2))
    again.load_state_dict(networks.state_dict())
    assert len(again.kept) == 4
    x = torch.rand(1, 2)
    for one, two in zip(networks.kept, again.kept, strict=True):
        assert torch.equal(one(x), two(x))
    assert not torch.equal(again.kept[1](x), again.kept[3](x))
    assert torch.equal(again.names, networks.names)
    again.begin(None, iter(()))
    assert len(again.kept) == 0
    assert len(again.prototypes) == 0


def test_flat_fields_mean_members():
    members = ss.Consensus(networks="both", seeds=3, iterations=7, channels=5).resolved()
    assert [each.variant for each in members] == ["superpixels"] * 3 + ["continuity"]
    assert len({each.seed for each in members}) == 4
    assert {(each.iterations, each.channels) for each in members} == {(7, 5)}
    assert ss.Consensus().resolved() == ()
    assert len(ss.Consensus(networks="continuity", seeds=3).resolved()) == 1


def test_explicit_members_survive_json():
    method = ss.Consensus(members=(ss.DIC(width=8), ss.Backprop(channels=9)), iterations=12)
    again = restore(json.loads(json.dumps(method.as_dict())), METHODS, "method")
    assert again == method
    assert [each.title for each in again.resolved()] == ["DIC", "Backprop"]
    assert {each.iterations for each in again.resolved()} == {12}
    assert "members" not in {each.name for each in ss.Consensus.declared()}


def test_members_must_be_methods_that_are_known():
    with pytest.raises(ParameterError, match="no member 'otsu'"):
        ss.Consensus(members=({"name": "otsu"},))
    with pytest.raises(ParameterError, match="members"):
        ss.Consensus(members=(3,))


def test_something_must_vote():
    with pytest.raises(ParameterError, match="nothing votes: choose networks"):
        ss.Consensus(classical=False)


def test_segments_are_described_by_colour_and_by_their_share_of_each_class():
    index = torch.tensor([[[1, 1, 2, 2, 0]]])
    evidence = Evidence(index)
    image = torch.tensor([[[[0.2, 0.4, 0.3, 0.3, 9.0]]]])
    evidence.describe([LabelMap("networks", np.array([[0, 1, 1, 1, 0]]), 3)])
    found = evidence.features(np.array([0, 1]), image)
    np.testing.assert_allclose(found, [[0.3, 0.5, 0.5, 0], [0.3, 0, 1, 0]], rtol=1e-6)
    one = evidence.features(np.array([0, 0]), image)
    np.testing.assert_allclose(one, [[0.3, 0.25, 0.75, 0]], rtol=1e-6)


def test_pixels_of_a_superpixel_speak_and_not_their_majority_alone():
    class Dark(Clusters):
        def learnt(self, parts):
            return {"factors": np.ones(1, np.float32), "centres": np.array([[0.0], [1.0]])}

    evidence = Evidence(torch.tensor([[[1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]]]))
    light = np.array([0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1], np.float32)[None, :, None]
    evidence.see([Parts(Whole(light, np.ones((1, 12), bool)), 0)])
    votes = list(evidence.hear(Dark("dark", lambda seen: seen.image)))
    assert [each.tolist() for each in votes] == [[0, 1, 1, 1]]
    evidence.images[0].look = None  # which would be asked for lines
    tree = evidence.hierarchies(0.5)[0]
    np.testing.assert_allclose(tree.disagreement, [0.0, 0.25])
    np.testing.assert_allclose(tree.histograms, [[0.75, 0.25], [0.75, 0.25], [0.5, 0.5]])


def test_no_two_images_share_a_segment_but_that_of_a_class():
    index = torch.tensor([[[1, 2, 3]], [[4, 5, 0]]])
    evidence = Evidence(index, torch.tensor([0, 0, 2, 0, 2, 0]))
    maps = [np.array([[0, 1, 2]]), np.array([[0, 1, 0]])]
    evidence.add([LabelMap("regions", each, 3) for each in maps])
    labels = cut(evidence.hierarchies(0.1), 0, 99).tolist()
    assert labels[1] == labels[3] == 2
    assert len(set(labels)) == 4


@pytest.mark.parametrize("seed", range(3))
def test_votes_are_those_of_the_table_of_all_labels(seed):
    rng = np.random.default_rng(seed)
    index = np.sort(rng.integers(0, 30, 600)).reshape(1, 20, 30)
    index = np.unique(index, return_inverse=True)[1].reshape(index.shape)
    labels = rng.integers(0, 7, (20, 30))
    evidence = Evidence(torch.from_numpy(index))
    votes = evidence.add([LabelMap("regions", labels, 7)])
    n = int(index.max())
    expected = vote(torch.from_numpy(labels)[None], torch.from_numpy(index), n, 7)
    assert votes.tolist() == expected.tolist()
