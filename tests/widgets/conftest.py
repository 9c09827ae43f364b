from __future__ import annotations

import importlib.util

import pytest

# Where Qt is not installed (the base alone), nothing here can be imported.
if importlib.util.find_spec("napari") is None:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(autouse=True)
def own_presets(monkeypatch, tmp_path):
    """No test reads or writes the presets of whoever runs it."""
    path = tmp_path / "presets.json"
    monkeypatch.setattr("napari_selfseg.widgets.presets.default_path", lambda: path)
    return path
