"""Where the image of a record is, as Python that reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from napari_selfseg.io.formats import readable

__all__ = ["images", "literal", "needs", "source_of", "variables"]

PLUGIN: Final = "napari-selfseg"
NOWHERE: Final[Mapping[str, Any]] = {"path": "", "sample": None}
LAYERS: Final = """\
# These layers came from no file. In napari's console they are there; anywhere else, save each of
# them (select it, then File > Save Selected Layers) and write the name of the file here.
files = {files}


def layer(name):
    if files[name]:
        return ss.read_image(files[name]).data
    if "viewer" in globals():
        return viewer.layers[name]{data}
    raise ValueError(f"Save the layer {{name}}, and write the name of its file into files.")

"""
SAMPLE: Final = """\
# A sample of the plugin {plugin!r}, which has to be installed; no window is opened.
npe2.PluginManager.instance().discover()
opened = ViewerModel()
opened.open_sample({plugin!r}, {name!r})
"""


def images(record: Mapping[str, Any]) -> str:
    """Write how each image is read, and a check that it is the recorded one."""
    found = record["images"]
    lines = [_opened(record), _layers(record)]
    for variable, image in zip(variables(record), found, strict=True):
        lines += _reading(variable, str(image["name"]), record)
        keys = ("name", "shape", "dtype", "sha256")
        rows = "".join(f"        {key!r}: {literal(image[key])},\n" for key in keys)
        lines.append(f"ss.check_image(\n    {variable},\n    {{\n{rows}    }},\n)")
    return "\n".join(filter(None, lines)) + "\n"


def needs(record: Mapping[str, Any]) -> list[str]:
    """Return the imports that reading the images needs."""
    samples = [each["sample"] for _, each in _places(record) if each["sample"]]
    lines = ["from napari_selfseg import samples"] * any(each[0] == PLUGIN for each in samples)
    if any(each[0] != PLUGIN for each in samples):
        lines += ["import npe2", "from napari.components import ViewerModel"]
    return lines


def variables(record: Mapping[str, Any]) -> list[str]:
    """Name the variables of the images."""
    if not record.get("several"):
        return ["image"]
    return [f"image_{k + 1}" for k in range(len(record["images"]))]


def source_of(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say where the image is: the name of a record without a source is that of a file or layer."""
    nothing = {"layers": [], "path": "", "multiscale": False, "rgb": False, "region": None}
    source: Mapping[str, Any] = record.get("source") or nothing
    return source


def literal(value: Any) -> str:
    """Write a plain value, perhaps a list of these; nothing else can become code."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    if value is None or type(value) in (bool, int, float, str):
        return repr(value)
    raise ValueError(f"The record holds something else than plain values: {type(value).__name__}.")


def _places(record: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return each layer of the image, or each image, and where it came from."""
    source = source_of(record)
    layers = [str(each) for each in source["layers"]]
    if not layers:
        names = [str(each["name"]) for each in record["images"]]
        return [(name, {**NOWHERE, "path": name if _is_file(name) else ""}) for name in names]
    origins = source.get("origins") or [{}] * len(layers)
    if len(layers) == 1 and source["path"]:
        origins = [{"path": source["path"]}]
    return [(layer, _known(each)) for layer, each in zip(layers, origins, strict=True)]


def _known(origin: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return where a layer came from as plain values; a file that cannot be read is nowhere."""
    path, sample = str(origin.get("path") or ""), origin.get("sample")
    found = None if sample is None else [str(each) for each in sample]
    return {"path": path if _is_file(path) else "", "sample": found}


def _is_file(name: str) -> bool:
    """Say whether a name is that of a file that `read_image` reads, and not of a layer."""
    ending = Path(name).suffix.lower()
    return any(ending in each.endings for each in readable())


def _layers(record: Mapping[str, Any]) -> str:
    """Write a place for the names of files where layers came from none."""
    lost = [name for name, each in _places(record) if not each["path"] and not each["sample"]]
    if not lost:
        return ""
    files = "{" + ", ".join(f'{name!r}: ""' for name in dict.fromkeys(lost)) + "}"
    data = ".data[0]" if source_of(record)["multiscale"] else ".data"
    return LAYERS.format(files=files, data=data)


def _opened(record: Mapping[str, Any]) -> str:
    """Write how samples of other plugins are opened, each once."""
    found = [tuple(each["sample"]) for _, each in _places(record) if each["sample"]]
    others = dict.fromkeys(each for each in found if each[0] != PLUGIN)
    return "\n".join(SAMPLE.format(plugin=plugin, name=name) for plugin, name in others)


def _reading(variable: str, name: str, record: Mapping[str, Any]) -> list[str]:
    source = source_of(record)
    places = _places(record)
    if not source["layers"]:
        places = [each for each in places if each[0] == name][:1]
    cut = _cut(source, record)
    read = [_read(layer, origin, record) for layer, origin in places]
    if len(read) == 1:
        return [f"{variable} = {read[0]}{cut}"]
    rows = "".join(f"        {each}{cut},\n" for each in read)
    return [f"{variable} = np.stack(\n    [\n{rows}    ],\n    axis=-1,\n)"]


def _read(layer: str, origin: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Write how a layer is read anywhere, or that it is one of a viewer."""
    if origin["path"]:
        how = ", opacity='channel'" if record.get("opacity") == "channel" else ""
        if record.get("channels"):
            how += f", channels={literal(record['channels'])}"
        return f"ss.read_image({origin['path']!r}{how}).data"
    if origin["sample"] is None:
        return f"layer({layer!r})"
    plugin, name = origin["sample"]
    if plugin == PLUGIN:
        return f"samples.load({name!r})"
    return f"opened.layers[{layer!r}]{'.data[0]' if source_of(record)['multiscale'] else '.data'}"


def _cut(source: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Write the index of the part, with colours along the channel axis."""
    region = source["region"]
    words = [str(int(at)) if isinstance(at, int) else _slice(*at) for at in region or ()]
    axis = record["channel_axis"]
    if axis is not None and len(source["layers"]) < 2:
        channels = ":3" if source["rgb"] else ":"
        if not words:
            return "[..., :3]" if source["rgb"] else ""
        words.insert(int(axis) if axis >= 0 else len(words) + 1 + int(axis), channels)
    return f"[{', '.join(words)}]" if words else ""


def _slice(start: Any, stop: Any) -> str:
    return f"{int(start)}:{int(stop)}"
