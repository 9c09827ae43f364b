"""The settings under File > Preferences, through napari's own API."""

from __future__ import annotations

from importlib import resources
from types import SimpleNamespace

import napari.settings
import npe2
import pytest

from napari_selfseg.widgets.canvas.settings import Settings, read

# napari before 0.9 has no plugin settings: there only the fallback is tested.
NEW = hasattr(napari.settings, "get_plugin_settings")
new = pytest.mark.skipif(not NEW, reason="this napari has no plugin settings")
MANIFEST = resources.files("napari_selfseg") / "napari.yaml"


@pytest.fixture
def stored(request, npe2pm, tmp_path):
    """What napari keeps, in a folder of the test's."""
    request.getfixturevalue("plugin_settings")
    npe2pm.register(npe2.PluginManifest.from_file(MANIFEST))
    return napari.settings.get_plugin_settings("napari-selfseg")


@new
def test_unset_they_are_the_defaults_of_the_dataclass(stored):
    assert read() == Settings() == Settings("auto", 0, None)


@new
def test_what_is_set_is_read_at_once(stored):
    stored.compute.device = "cuda:1"
    stored.compute.threads = 3
    stored.compute.memory_limit = 1.5
    assert read() == Settings("cuda:1", 3, 1_500_000_000)


@new
def test_what_is_set_is_kept_in_a_file(stored):
    stored.compute.threads = 3
    napari.settings._clear_plugin_settings_cache()
    assert read().threads == 3
    stored.reset()
    assert read().threads == 3, "test invalid: it read the same object"


@new
@pytest.mark.parametrize(
    ("name", "value"), [("device", "gpu"), ("threads", -1), ("memory_limit", -0.5)]
)
def test_napari_refuses_what_the_manifest_forbids(stored, name, value):
    with pytest.raises(ValueError, match=name):
        setattr(stored.compute, name, value)


@new
@pytest.mark.parametrize(
    "text",
    [
        "compute:\n  device: 3\n  threads: many\n  memory_limit: -1\n",
        "compute: nothing\n",
        "compute: [",
    ],
)
def test_a_file_with_bad_values_gives_defaults(stored, text, caplog):
    stored.config_path.write_text(text)
    napari.settings._clear_plugin_settings_cache()
    assert read() == Settings()


@new
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, Settings()),
        ({"device": "", "threads": -2, "memory_limit": float("nan")}, Settings()),
        ({"device": None, "threads": 2.5, "memory_limit": "much"}, Settings()),
        ({"device": "mps", "threads": 2, "memory_limit": 0}, Settings("mps", 2, None)),
        ({"memory_limit": float("inf")}, Settings()),
    ],
)
def test_values_that_cannot_be_used_give_defaults(monkeypatch, values, expected):
    stored = SimpleNamespace(compute=SimpleNamespace(**values))
    monkeypatch.setattr(napari.settings, "get_plugin_settings", lambda name: stored)
    assert read() == expected


@new
def test_an_unknown_plugin_gives_defaults(request, caplog):
    request.getfixturevalue("plugin_settings")
    assert read() == Settings()
    assert "defaults are used" in caplog.text


def test_an_older_napari_gives_defaults(monkeypatch):
    monkeypatch.delattr(napari.settings, "get_plugin_settings", raising=False)
    assert read() == Settings()


def test_each_default_is_that_of_the_manifest():
    manifest = npe2.PluginManifest.from_file(MANIFEST)
    properties = manifest.contributions.configurations["compute"].properties
    assert {name: each.default for name, each in properties.items()} == {
        "device": Settings.device,
        "threads": Settings.threads,
        "memory_limit": Settings.memory_limit or 0,
    }


@new
@pytest.mark.viewer
def test_the_preferences_show_them(make_napari_viewer, request, npe2pm):
    request.getfixturevalue("plugin_settings")
    npe2pm.register(npe2.PluginManifest.from_file(MANIFEST))
    dialog = make_napari_viewer().window._open_preferences_dialog()
    pages = [dialog._list.item(i).text() for i in range(dialog._list.count())]
    assert "Self-Segmentation" in pages
    page = dialog._stack.widget(pages.index("Self-Segmentation")).widget()
    page.layout().itemAt(0).widget().widget.widgets["threads"].setValue(3)
    assert read().threads == 3
    dialog.reject()
    assert read().threads == 0
