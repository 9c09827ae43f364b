from __future__ import annotations

import subprocess
import sys
from importlib import metadata, resources, util

import pytest

import napari_selfseg
from napari_selfseg import samples

npe2 = pytest.importorskip("npe2")

HEAVY = {"magicgui", "napari", "numba", "qtpy", "torch"}


def modules_after(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after a statement."""
    code = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.fixture(scope="module")
def manifest():
    return npe2.PluginManifest.from_file(resources.files("napari_selfseg") / "napari.yaml")


def test_version_is_the_distributions() -> None:
    assert napari_selfseg.__version__ == metadata.version("napari-selfseg")


def test_import_brings_in_nothing_heavy() -> None:
    assert not modules_after("import napari_selfseg") & HEAVY
    assert "torch" in modules_after("import torch"), "test invalid"


def test_samples_bring_in_nothing_heavy() -> None:
    statement = "from napari_selfseg import samples; [samples.load(n) for n in samples.names()]"
    assert not modules_after(statement) & HEAVY


@pytest.mark.skipif(util.find_spec("napari") is None, reason="the docks need napari")
def test_docks_leave_torch_to_their_worker(manifest) -> None:
    commands = manifest.contributions.commands
    homes = {command.python_name.partition(":")[0] for command in commands}
    assert "torch" not in modules_after(f"import {', '.join(sorted(homes))}")


@pytest.mark.parametrize("name", ["napari.yaml", "py.typed"])
def test_installed_files(name: str) -> None:
    assert (resources.files("napari_selfseg") / name).is_file()


def test_manifest_is_found_by_its_entry_point() -> None:
    (entry,) = metadata.entry_points(group="napari.manifest", name="napari-selfseg")
    assert entry.value == "napari_selfseg:napari.yaml"


def test_manifest_is_named_as_the_distribution(manifest) -> None:
    assert manifest.name == "napari-selfseg"
    assert manifest.display_name == "Self-Segmentation"


def test_manifest_lists_every_sample(manifest) -> None:
    offered = {sample.key: sample.command for sample in manifest.contributions.sample_data}
    assert tuple(offered) == samples.names()
    functions = {command.id: command.python_name for command in manifest.contributions.commands}
    for key, command in offered.items():
        assert functions[command] == f"napari_selfseg.samples:{key}"


def test_manifest_offers_the_dock_in_the_layers_menu(manifest) -> None:
    offered = {widget.command for widget in manifest.contributions.widgets}
    listed = {item.command for item in manifest.contributions.menus["napari/layers/segment"]}
    assert offered <= listed


@pytest.mark.skipif(util.find_spec("napari") is None, reason="the docks need napari")
def test_manifest_points_at_things_that_exist(manifest) -> None:
    manifest.validate_imports()
