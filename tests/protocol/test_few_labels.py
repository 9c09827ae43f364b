"""A run with few labels left ends one iteration later, and says why."""

import pytest
import torch

from napari_selfseg.protocol import Control, FewLabels, Inputs, Stop


def inputs(scribbles=None, valid=None):
    x = torch.zeros(1, 1, 2, 3)
    return Inputs(x, valid, None, 0, scribbles, torch.float32, Control())


def classes(*values):
    return torch.tensor(values).reshape(1, 2, 3)


def test_labels_are_counted_where_there_are_data():
    valid = torch.tensor([[1, 1, 1], [1, 1, 0]], dtype=torch.bool)[None, None]
    c = classes(0, 3, 3, 0, 1, 2)
    assert FewLabels(5, 1, inputs()).count(c) == 4
    assert FewLabels(5, 1, inputs(valid=valid)).count(c) == 3


@pytest.mark.parametrize(("least", "few"), [(2, False), (3, True), (4, True)])
def test_the_labels_noted_last_decide(least, few):
    labels = FewLabels(5, least, inputs())
    assert labels.stop(0) is None
    labels.count(classes(0, 0, 0, 0, 0, 0))
    labels.count(classes(0, 4, 4, 0, 2, 2))
    sentence = "Only 3 labels left before the vote after 7 iterations"
    rule = f"(it stops when {least} are left)."
    assert labels.stop(7) == (Stop("min_labels", f"{sentence} {rule}") if few else None)


def test_a_collapse_is_called_one():
    labels = FewLabels(5, 3, inputs())
    labels.count(classes(4, 4, 4, 4, 4, 4))
    assert labels.stop(2) == Stop(
        "min_labels",
        "All pixels have the same label after 2 iterations: the labels collapsed. Try another "
        "seed, or a smaller learning rate.",
    )


def test_scribbled_classes_and_no_others_are_few():
    labels = FewLabels(5, 4, inputs(classes(-1, 2, -1, 0, -1, -1)))
    for c in (classes(0, 0, 0, 0, 1, 1), classes(0, 2, 3, 0, 0, 0), classes(2, 2, 2, 2, 2, 2)):
        labels.count(c)
        assert labels.stop(5) is None
    labels.count(classes(2, 0, 0, 0, 0, 0))
    sentence = "Only the 2 scribbled labels left before the vote after 5 iterations"
    rule = "(it stops when the scribbled ones are left)."
    assert labels.stop(5) == Stop("min_labels", f"{sentence} {rule}")


def test_one_scribbled_class_may_be_all_that_is_wanted():
    labels = FewLabels(5, 1, inputs(classes(-1, 3, -1, -1, -1, -1)))
    labels.count(classes(3, 3, 3, 3, 3, 3))
    stop = labels.stop(5)
    assert stop.sentence.startswith("Only the 1 scribbled label left before the vote after 5 ")
