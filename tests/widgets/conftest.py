from __future__ import annotations

import gc
import importlib.util
from functools import partial
from importlib import import_module

import pytest

# Where Qt is not installed (the base alone), nothing here can be imported.
if importlib.util.find_spec("napari") is None:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(autouse=True)
def own_presets(monkeypatch, tmp_path):
    """No test reads or writes what whoever runs it has kept: presets, and what docks remember."""
    path = tmp_path / "presets.json"
    monkeypatch.setattr("napari_selfseg.widgets.model.kept.presets.default_path", lambda: path)
    docks = tmp_path / "docks.json"
    monkeypatch.setattr("napari_selfseg.widgets.model.kept.remembered.default_path", lambda: docks)
    return path


@pytest.fixture
def stages(monkeypatch):
    """Return what a kind of job says of itself before there are labels, a list that grows."""

    def of(kind):
        found = []

        def noted(job, name, value):
            if name == "stage" and value:
                found.append(value)
            object.__setattr__(job, name, value)

        monkeypatch.setattr(kind, "__setattr__", noted)
        return found

    return of


@pytest.fixture(autouse=True)
def nothing_stays_in_the_activity_dock(monkeypatch):
    """Whatever a test does with a dock, what it showed in napari's activity dock is closed."""
    progress = import_module("napari.utils").progress
    monkeypatch.setattr("napari_selfseg.widgets.work.dock.activity.EVERY_MS", 50)
    yield
    # A window that was never shown tells its docks that it is closed when Qt deletes it.
    core = import_module("qtpy.QtCore")
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
    assert [str(each) for each in progress._all_instances] == []


@pytest.fixture(scope="module", autouse=True)
def little_to_collect():
    """Keep what is there before a module from being looked through after each window.

    napari's own fixture collects garbage up to three times a viewer to find leaked ones;
    with torch, numba and all tests loaded, that took as long as the test.
    """
    gc.unfreeze()
    kept_apart()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def what_was_imported_is_kept_apart(little_to_collect):
    """Keep apart, after a test, what it was the first to import."""
    yield
    if len(gc.get_objects()) > 100_000:
        kept_apart()


def kept_apart():
    """Leave what is alive out of every collection of garbage that follows."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def manifests_read_by_libyaml():
    """Read the manifests of all plugins, which each new viewer does again, ten times faster."""
    yaml, bases = import_module("yaml"), import_module("npe2.manifest._bases")
    if not hasattr(yaml, "CSafeLoader"):  # a PyYAML without libyaml
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        read = partial(yaml.load, Loader=yaml.CSafeLoader)
        patch.setattr(bases, "_load_yaml_no_duplicates", read)
        yield
