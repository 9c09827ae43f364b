"""What to do about a refusal is said with what is in front of somebody."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest

import napari_selfseg
from napari_selfseg import remedies
from napari_selfseg.cli import main
from napari_selfseg.cli._messages._sentences import WORDS
from napari_selfseg.widgets.parts.in_front import ELSEWHERE, SEGMENT, in_dock

ROOT = Path(napari_selfseg.__file__).parent
# Words of a script: an argument with its value, the name of one, a module's attribute.
CODE = re.compile(r"\b\w+=\w|\bchannel_axis\b|\bnp\.\w|\bss\.\w")
# What neither a dock nor a command can lead to, with the beginning of its sentence.
SCRIPTS_ONLY = (
    "A run without superpixels has no pieces",  # the docks and commands give some
    "The weights of ",  # to be fetched in Python once
    "Cannot read ",  # a flag
    " was begun before: go on with --resume (resume=True)",  # says both
    " is there already: ",  # says both
    "The image has shape ",  # of a table, whose image is the labels' own
    ", pass channel_axis=-1.",  # a warning
    ", as tifffile.imwrite('one.tif'",  # what another program is to write
)


def refusals():
    """Every sentence that the core raises, with values left out."""
    for file in sorted(ROOT.rglob("*.py")):
        if not {"cli", "widgets", "script"} & set(file.parts):
            tree = ast.parse(file.read_text("utf-8"))
            for node in (each for each in ast.walk(tree) if isinstance(each, ast.Raise)):
                texts = [e.value for e in ast.walk(node) if isinstance(e, ast.Constant)]
                yield file.name, "".join(each for each in texts if isinstance(each, str))


def test_arguments_are_named_in_remedies_alone():
    assert CODE.search(remedies.NAN), "test invalid"
    found = [(name, text) for name, text in refusals() if CODE.search(text)]
    left = [each for each in found if not any(known in each[1] for known in SCRIPTS_ONLY)]
    assert left == []


def test_every_remedy_has_words_for_those_without_arguments():
    named = {getattr(remedies, name) for name in remedies.__all__ if name != "reworded"}
    assert set(WORDS) == set(ELSEWHERE) == named
    assert set(SEGMENT) <= named
    for words in (WORDS, ELSEWHERE, SEGMENT):
        assert not [each for each in words.values() if CODE.search(each)]


def test_the_dock_names_the_chooser_and_its_entry():
    pytest.importorskip("napari")
    from napari_selfseg.widgets.views.region_view import NOT_FINITE

    said = in_dock(f"The image has NaN in 3 pixels: {remedies.NAN}.", SEGMENT)
    where = f"choose No data: {NOT_FINITE}, under More on the Set up page"
    assert said == f"The image has NaN in 3 pixels: {where}."


def test_the_command_names_its_flag(tmp_path, capsys):
    import tifffile

    image = np.random.default_rng(0).random((20, 24)).astype(np.float32)
    image[3, 4] = np.nan
    tifffile.imwrite(tmp_path / "cells.tif", image)
    words = [str(tmp_path / "cells.tif"), "-o", str(tmp_path / "labels.tif")]
    assert main(["segment", *words, "--method", "backprop", "--iterations", "2"]) == 2
    said = capsys.readouterr().err
    assert "NaN or infinite values in 1 pixel" in said
    assert "--mask FILE" in said
    assert "np.isfinite" not in said
