"""What a notebook shows of work: valid HTML, escaped, with the right picture."""

from __future__ import annotations

import base64
import io
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

import napari_selfseg as ss
from napari_selfseg.pictures.cards import Card

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
PIXELS = ss.Backprop(iterations=3, channels=6, min_labels=1, variant="continuity")
NASTY = '<script>alert(1)</script> & "a\'b"'
VOID = {"img", "br"}


class Page(HTMLParser):
    """Reads a piece of a page; fails where something is not closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text, self.attributes = [], [], "", []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data + " "

    @property
    def picture(self):
        (source,) = (each["src"] for each in self.attributes if "src" in each)
        kind, _, data = source.partition(",")
        assert kind == "data:image/png;base64"
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))

    @property
    def bar(self):
        return [(int(each["value"]), int(each["max"])) for each in self.attributes if "max" in each]


def page(work):
    return Page(work._repr_html_())


def picture(shape=(20, 24)):
    rng = np.random.default_rng(0)
    steps = np.add.outer(*(np.arange(n) // 7 for n in shape[-2:])) % 3
    return np.broadcast_to(steps, shape) + rng.normal(scale=0.3, size=shape)


def test_a_card_escapes_whatever_it_says():
    card = Card(NASTY, [(NASTY, NASTY)], None, NASTY, (1, 2), [(NASTY,), (NASTY,)])
    found = Page(card.html)
    assert set(found.tags) == {"div", "b", "table", "tbody", "tr", "th", "td", "progress"}
    assert found.text.count(NASTY) == 6
    assert found.bar == [(1, 2)]
    assert NASTY in card.text


def test_colours_are_those_of_the_notebook():
    html = Card("A", [("B", "c")], None, "d", (0, 1), [("E",), ("f",)]).html
    assert "color" not in html
    assert "background:none" in html


def test_a_run_says_what_it_is_and_how_far():
    run = ss.evolve(picture(), PIXELS, name=NASTY, **QUICK)
    before = page(run)
    assert before.bar == [(0, 3)]
    assert "img" not in before.tags
    next(run)
    next(run)
    during = page(run)
    assert during.bar == [(1, 3)]
    assert during.picture.shape == (20 * 16, 24 * 16, 3)
    run.finish()
    after = page(run)
    assert after.bar == []
    assert f"{NASTY}, 20 x 24" in after.text
    assert "channels=6" in after.text
    assert run.stop_reason in after.text
    count = str(len(np.unique(run.labels())))
    assert f"Labels {count} " in after.text


def test_a_run_without_any_label_is_shown():
    run = ss.evolve(picture(), PIXELS, **QUICK)
    run.close()
    found = page(run)
    assert "img" not in found.tags
    assert "Ended without a closing pass, after 0 iterations." in found.text


def test_pixels_without_data_and_background_show_the_image():
    image = np.zeros((40, 40), np.uint8)
    image[10:20, 10:20] = 200
    run = ss.segment(image, finish=ss.AsObjects(), **QUICK)
    assert run.labels().max() == 1
    found = page(run)
    assert "Objects 1 " in found.text
    drawn = found.picture
    assert (drawn[:40] == 0).all()
    assert len(np.unique(drawn[130, 130])) > 1


def test_the_middle_plane_of_a_volume_is_shown():
    volume = picture((5, 20, 24))
    volume[:2] = volume[3:] = 0
    run = ss.segment(volume, PIXELS, **QUICK)
    labels = run.labels()
    labels[:2] = labels[3:] = 0
    seen = run.pictured(labels)
    assert seen.shape == (320, 384, 3)
    assert len(np.unique(seen.reshape(-1, 3), axis=0)) > 20
    assert page(run).picture.shape == seen.shape


def test_a_large_image_is_shown_small():
    image = picture((1500, 30))
    run = ss.segment(image, PIXELS.replace(iterations=1), **QUICK)
    assert page(run).picture.shape == (500, 10, 3)


def test_an_image_that_was_changed_leaves_its_labels():
    image = picture()
    run = ss.segment(image, PIXELS.replace(outlines="image"), **QUICK)
    image[:] = 1
    drawn = page(run).picture
    assert drawn.shape == (320, 384, 3)
    alone = run.pictured(np.zeros((20, 24), np.uint8))
    assert (alone == 128).all()


def test_of_several_images_the_first_is_named_so():
    run = ss.segment([picture(), picture()], PIXELS, name=["a", "b"], **QUICK)
    assert "a, 20 x 24 (image 1 of 2)" in page(run).text


def test_noise_is_not_hidden_by_its_borders():
    noisy = np.arange(480).reshape(20, 24) % 5 + 1
    large = np.tile(noisy, (20, 20))
    run = ss.segment(picture(large.shape), PIXELS.replace(iterations=1), **QUICK)
    assert (run.pictured(large) == 255).all(axis=-1).mean() < 0.5


def test_a_stack_shows_the_plane_at_work():
    stack = picture((3, 20, 24))
    work = ss.over_stack(stack, PIXELS, carry="independent", **QUICK)
    assert page(work).bar == [(0, 3)]
    for step in work:
        if step.plane == 1 and step.step is not None:
            break
    during = page(work)
    assert "Plane 1 " in during.text
    assert during.picture.shape == (320, 384, 3)
    work.finish()
    assert work.stop_reason in page(work).text


def test_a_stack_names_planes_that_failed():
    stack = picture((3, 20, 24))
    stack[1] = np.nan
    work = ss.over_stack(stack, PIXELS, carry="independent", **QUICK).finish()
    assert f"plane 1: {work.failed[1]}" in page(work).text


def test_a_training_shows_its_first_image(tmp_path):
    work = ss.Trainer([picture(), picture()], PIXELS, tmp_path / "m.safetensors", **QUICK)
    next(work)
    next(work)
    found = page(work)
    assert "a model in m.safetensors" in found.text
    assert found.bar == [(1, 3)]
    assert found.picture.size
    assert page(work.finish()).bar == []


def test_a_batch_says_what_became_of_each_image(tmp_path):
    name = "a & b.png"
    Image.fromarray(np.arange(480, dtype=np.uint8).reshape(20, 24)).save(tmp_path / name)
    (tmp_path / "bad.png").write_text("no picture")
    recipe = ss.Recipe(PIXELS, precision="float32")
    work = ss.Batch([tmp_path / "*.png"], recipe, tmp_path / "out", device="cpu", threads=1)
    assert page(work).bar == [(0, 2)]
    found = page(work.finish())
    assert found.bar == []
    assert f"{name} done" in found.text
    assert work.entries[1].error in found.text
    assert work.summary in found.text


def test_a_batch_of_many_shows_the_last():
    from napari_selfseg.scale._batch._table import SHOWN, Entry, table_of

    lines = table_of([Entry(str(k), None, "done") for k in range(SHOWN + 5)])
    assert lines[1][0] == "5"
    assert lines[-1] == ("and 5 before them",)


@pytest.mark.parametrize("shape", [(30, 20), (5, 30, 20)])
def test_tiles_are_shown_once_all_are_done(tmp_path, shape):
    image = picture(shape)
    fit = ss.segment(image, PIXELS, **QUICK).fit
    work = ss.over_tiles(image, fit, tmp_path / "l.ome.zarr", tile=16)
    before = page(work)
    assert "img" not in before.tags
    assert before.bar[0][0] == 0
    found = page(work.finish())
    assert found.bar == []
    assert found.picture.shape == (360, 240, 3)
