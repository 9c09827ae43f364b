"""A record as a Python script that makes the labels again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_selfseg import record as _record
from napari_selfseg.catalogue import METHODS, SUPERPIXELS
from napari_selfseg.parameters import Parameters, restore

__all__ = ["as_script"]

# What `read_image` reads; any other name is one of a layer.
FILES = (".tif", ".tiff", ".png", ".jpg", ".jpeg")
WIDTH = 96
UNFINISHED = ("abandoned", "failed")
WARM = """\
# The run began from a fit that is not in the record: load it here.
start = None  # ss.load_fit("....safetensors")
if start is None or weights_hash(start.weights) != {start!r}:
    raise ValueError("Load the fit this run began from, and assign it to start.")
"""


def as_script(record: Mapping[str, Any]) -> str:
    """Write the Python script that makes recorded labels again in a fresh process.

    Nothing in the record can become code: every value is checked, or written as a literal.

    Parameters
    ----------
    record : mapping
        From `Run.record`, `over_segment`, a layer's metadata or a file. Where it has a
        ``"region"``, a list with ``[start, stop]`` or a single place for every spatial axis, the
        image read is first cut to it; a single place drops its axis.

    Returns
    -------
    str
        It ends with `labels`, those of the iteration shown; of several images those of the first.
        An image that is not a file is taken from a layer of `viewer`, as in napari's console. A
        run that began from a fit has a line to be filled in, and says so when it is not.

    Raises
    ------
    ValueError
        When the record is not whole, or a value in it cannot be used.
    """
    missing = [key for key in _record.KEYS if key not in record]
    if missing:
        raise ValueError(f"The record is not complete: {', '.join(missing)} missing.")
    try:
        return "\n".join(filter(None, _parts(record)))
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f"The record cannot be read: {error!r}.") from error


def _parts(record: Mapping[str, Any]) -> list[str]:
    common = [_header(record), _imports(record), _images(record), _arrays(record)]
    if record["method"] is None:
        return [*common, _superpixels_alone(record)]
    return [*common, _warm(record), _method(record), _run(record)]


def _header(record: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in record["software"].items())
    lines = [
        *_comment("Made by napari-selfseg. The same labels can be expected with:"),
        *_comment(versions),
    ]
    stop = record.get("stop")
    if stop:
        lines += _comment(f"How the run ended: {stop['sentence']}")
    return "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    # No line break survives, so that no value leaves its comment.
    words, lines = text.split(), ["#"]
    for word in words:
        if len(lines[-1]) + len(word) >= WIDTH and lines[-1] != "#":
            lines.append("#")
        lines[-1] += " " + "".join(c if c.isprintable() else "?" for c in word)
    return lines


def _imports(record: Mapping[str, Any]) -> str:
    lines = ["import napari_selfseg as ss"]
    if record["method"] is None:
        lines.append("from napari_selfseg.catalogue import over_segment")
    elif record.get("start") is not None:
        lines.append("from napari_selfseg.record import weights_hash")
    return "\n".join(lines) + "\n"


def _images(record: Mapping[str, Any]) -> str:
    found = record["images"]
    lines = []
    for variable, image in zip(_variables(record), found, strict=True):
        lines += _reading(variable, str(image["name"]))
        lines += _cut(variable, record)
        keys = ("name", "shape", "dtype", "sha256")
        rows = "".join(f"        {key!r}: {_literal(image[key])},\n" for key in keys)
        lines.append(f"ss.check_image(\n    {variable},\n    {{\n{rows}    }},\n)")
    return "\n".join(lines) + "\n"


def _variables(record: Mapping[str, Any]) -> list[str]:
    if not record.get("several"):
        return ["image"]
    return [f"image_{k + 1}" for k in range(len(record["images"]))]


def _reading(variable: str, name: str) -> list[str]:
    if Path(name).suffix.lower() in FILES:
        return [f"{variable} = ss.read_image({name!r}).data"]
    return [
        "# The image was not a file: run this in napari's console, or read the image here.",
        f"{variable} = viewer.layers[{name!r}].data",
    ]


def _cut(variable: str, record: Mapping[str, Any]) -> list[str]:
    region = record.get("region")
    if region is None:
        return []
    words = [str(int(at)) if isinstance(at, int) else _slice(*at) for at in region]
    axis = record["channel_axis"]
    if axis is not None:
        words.insert(int(axis) if axis >= 0 else len(words) + 1 + int(axis), ":")
    return [f"{variable} = {variable}[{', '.join(words)}]"]


def _slice(start: Any, stop: Any) -> str:
    return f"{int(start)}:{int(stop)}"


def _arrays(record: Mapping[str, Any]) -> str:
    """Write mask, scribbles and superpixels that were given as arrays."""
    blocks = []
    for key in ("mask", "scribbles", "superpixels"):
        for variable, array in zip(_numbered(key, record), _given(record, key), strict=True):
            if array is not None:
                blocks.append(f"{variable} = {_packed(array)}")
    return "\n".join(blocks) + "\n" if blocks else ""


def _given(record: Mapping[str, Any], key: str) -> Sequence[Any]:
    arrays = record.get(key)
    return [] if arrays is None or isinstance(arrays, Mapping) else arrays


def _numbered(key: str, record: Mapping[str, Any]) -> list[str]:
    n = len(_given(record, key))
    return [key] if n == 1 else [f"{key}_{k + 1}" for k in range(n)]


def _packed(array: Any) -> str:
    packed = array if isinstance(array, Mapping) else _record.pack(np.asarray(array))
    # Only the letters of base64: nothing ends the string but its own quotes.
    data = re.sub(r"[^A-Za-z0-9+/=]", "", str(packed.get("data", "")))
    rows = "\n".join(data[at : at + WIDTH] for at in range(0, len(data), WIDTH))
    return f'ss.unpack({{"encoding": "{_record.PACKED}", "data": """\n{rows}\n"""}})'


def _warm(record: Mapping[str, Any]) -> str:
    return "" if record.get("start") is None else WARM.format(start=str(record["start"]))


def _method(record: Mapping[str, Any]) -> str:
    method = restore(record["method"], METHODS, "method")
    # As many updates as were made: a run that was stopped equals one that was asked for them.
    done = int(record["shown"]) + 1 if _unfinished(record) else int(record["iterations"])
    return f"method = {_constructed(method.replace(iterations=max(1, done)), ('seed',))}\n"


def _unfinished(record: Mapping[str, Any]) -> bool:
    """Say whether the labels shown are those of an update, where a whole run's end is not."""
    stop = record.get("stop")
    ended = stop is not None and stop["kind"] not in UNFINISHED
    return not ended and record["shown"] == record["iterations"]


def _constructed(parameters: Parameters, always: Iterable[str] = ()) -> str:
    values = [
        f"{each.name}={getattr(parameters, each.name)!r}"
        for each in parameters.declared()
        if each.name in always or getattr(parameters, each.name) != each.default
    ]
    return _call(f"ss.{type(parameters).__name__}", values)


def _run(record: Mapping[str, Any]) -> str:
    values = [_bracketed(_variables(record), record), "method", *_options(record)]
    if record.get("start") is not None:
        values.append("start=start")
    values += [f"{key}={_literal(record[key])}" for key in ("device", "precision", "threads")]
    shown = int(record["shown"])
    if _unfinished(record):
        lines = [
            _call("run = ss.evolve", values),
            "# The run had not ended: take the steps up to the labels shown.",
            f"next(step for step in run if step.iteration == {shown})",
            f"labels = run.labels({shown})",
            "run.close()",
        ]
    elif record["iterations"] == 0:
        lines = [_call("run = ss.evolve", values), "run.stop()", "run.finish()"]
        lines += [f"labels = run.labels({shown})"]
    else:
        lines = [_call("run = ss.segment", values), f"labels = run.labels({shown})"]
    return "\n".join(lines) + "\n"


def _superpixels_alone(record: Mapping[str, Any]) -> str:
    values = [*_variables(record), *_options(record)]
    algorithm = next(each for each in values if each.startswith("superpixels="))
    values.remove(algorithm)
    values.insert(1, algorithm.removeprefix("superpixels="))
    return _call("labels, record = over_segment", values) + "\n"


def _options(record: Mapping[str, Any]) -> list[str]:
    """Write superpixels, mask, scribbles, axes and names as keyword arguments."""
    values = []
    if isinstance(record["superpixels"], Mapping):
        algorithm = restore(record["superpixels"], SUPERPIXELS, "superpixel algorithm")
        values.append(f"superpixels={_constructed(algorithm)}")
    for key in ("superpixels", "mask", "scribbles"):
        variables = [
            "None" if array is None else variable
            for variable, array in zip(_numbered(key, record), _given(record, key), strict=True)
        ]
        if set(variables) - {"None"}:
            values.append(f"{key}={_bracketed(variables, record)}")
    if record["channel_axis"] is not None:
        values.append(f"channel_axis={_literal(record['channel_axis'])}")
    spacing = record.get("spacing")
    if spacing is not None and set(spacing) != {1.0}:
        values.append(f"spacing={_literal(spacing)}")
    names = [str(image["name"]) for image in record["images"]]
    if any(names):
        values.append(f"name={names if record.get('several') else names[0]!r}")
    return values


def _bracketed(variables: Sequence[str], record: Mapping[str, Any]) -> str:
    return f"[{', '.join(variables)}]" if record.get("several") else variables[0]


def _literal(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if value is None or type(value) in (bool, int, float, str):
        return repr(value)
    raise ValueError(f"The record holds something else than plain values: {type(value).__name__}.")


def _call(function: str, values: Sequence[str]) -> str:
    line = f"{function}({', '.join(values)})"
    if len(line) <= WIDTH:
        return line
    rows = "".join(f"    {value},\n" for value in values)
    return f"{function}(\n{rows})"
