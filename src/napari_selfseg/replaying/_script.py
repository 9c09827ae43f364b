"""A record as a Python script that makes the labels again."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from napari_selfseg import record as _record
from napari_selfseg.catalogue import known_methods, known_superpixels
from napari_selfseg.outlines import IMAGE
from napari_selfseg.parameters import restore
from napari_selfseg.replaying._calls import bracketed, call, comment, constructed, home
from napari_selfseg.replaying._edits import edited
from napari_selfseg.replaying._given import (
    LATER,
    arrays,
    axes,
    drawn_later,
    given,
    numbered,
    options,
)
from napari_selfseg.replaying._reading import images, literal, needs, source_of, variables
from napari_selfseg.replaying._stack import check_stack, given_arrays, stack_options

__all__ = ["as_script"]

EVOLVE, SEGMENT = "ss.evolve", "ss.segment"


UNFINISHED = ("abandoned", "failed")


WARM = """\
# The run began from a fit that is not in the record: load it here.
start = None  # ss.load_fit("....safetensors")
if start is None or weights_hash(start.weights) != {start!r}:
    raise ValueError("Load the fit this run began from, and assign it to start.")
"""


def as_script(record: Mapping[str, Any], *, target: str = "", **place: Any) -> str:
    """Write the Python script that makes recorded labels again in a fresh process.

    Nothing in the record can become code: every value is checked, or written as a literal.

    Parameters
    ----------
    record : mapping
        From `Run.record`, `over_segment`, a layer's metadata or a file. Where it has a
        ``"source"``, as the records of layers do, the image is read from there: from the file
        ``"path"``, else from the napari layers ``"layers"``, of which several are channels
        (``"origins"``: the file or sample each came from, where it did; ``"multiscale"``: their
        finest level; ``"rgb"``: colours without alpha), and cut to the ``"region"``, a list with
        ``[start, stop]`` or a single place for every spatial axis; a single place drops its axis.
        Where it has ``"objects"``, small pieces are merged and pieces numbered as it says. Where
        it has a ``"cut"``, that of the consensus is shown.
    target : str
        File into which the script writes the labels with their record; empty for none.
    **place
        Arguments of `write_labels`, plain values: ``spacing``, ``unit``, ``axes``.

    Returns
    -------
    str
        It has `labels`, those that are shown; of several images those of the first. An image that
        came from no file is taken from a layer of `viewer`, as in napari's console, or from a
        file whose name is to be filled in. A run that began from a fit has a line to be filled in
        as well. Each says so when it is not.

    Raises
    ------
    ValueError
        When the record is not whole, or a value in it cannot be used.
    """
    needed = _record.STACK if "stack" in record else _record.KEYS
    missing = [key for key in needed if key not in record]
    if missing:
        raise ValueError(f"The record is not complete: {', '.join(missing)} missing.")
    _record.check_record(record)
    try:
        saving = _saving(record, target, place) if target else ""
        return "\n".join(filter(None, [*_parts(record), saving]))
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f"The record cannot be read: {error!r}.") from error


def _parts(record: Mapping[str, Any]) -> list[str]:
    if "stack" in record:
        return _stack_parts(record)
    common = [_header(record), _imports(record), images(record), arrays(record)]
    if record["method"] is None:
        return [*common, _superpixels_alone(record)]
    labels = [_run(record), _objects(record), edited(record)]
    return [*common, _warm(record), _method(record), *labels]


def _stack_parts(record: Mapping[str, Any]) -> list[str]:
    check_stack(record)
    told = record["stack"]
    # Asked before each plane, and before a common fit.
    views = [*told["order"][: told["carry"] == "joint"], *told["order"]]
    method = constructed(restore(record["method"], known_methods(), "method"), ("seed",))
    regions = record["superpixels"]
    made = {**record, "superpixels": None} if regions is None or "sha256" in regions else record
    values = ["image", "method", *stack_options(record), *options({**made, "mask": None})]
    values += [f"{key}={literal(record[key])}" for key in ("device", "precision", "threads")]
    return [
        *(_header(record), _imports(record), images(record), given_arrays(record)),
        f"# Planes in the order in which they were taken.\nviews = iter({literal(views)})",
        f"method = {method}\n",
        f"{call('run = ss.over_stack', values)}\nlabels = run.finish().out\n",
        edited(record, axes=told["axis"]),
    ]


def _header(record: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in record["software"].items())
    lines = [
        *comment("Made by napari-selfseg. The same labels can be expected with:"),
        *comment(versions),
    ]
    stop = record.get("stop")
    if stop:
        lines += comment(f"How the run ended: {stop['sentence']}")
    return "\n".join(lines) + "\n"


def _imports(record: Mapping[str, Any]) -> str:
    lines = ["import napari_selfseg as ss"]
    if len(source_of(record)["layers"]) > 1:
        lines = ["import numpy as np", "", *lines]
    if record["method"] is None or _pieces(record) is not None:
        lines.append("from napari_selfseg.catalogue import over_segment")
    if record.get("start") is not None:
        lines.append("from napari_selfseg.record import weights_hash")
    return "\n".join([*_packages(record), *needs(record), *lines]) + "\n"


def _packages(record: Mapping[str, Any]) -> list[str]:
    """Write the imports of a method and of superpixels that other packages add."""
    used = (
        [] if record["method"] is None else [restore(record["method"], known_methods(), "method")]
    )
    for each in (record["superpixels"], _pieces(record)):
        if isinstance(each, Mapping) and "name" in each:
            used.append(restore(each, known_superpixels(), "superpixel algorithm"))
    return [f"import {module}" for module in sorted(set(map(home, used)) - {""})]


def _warm(record: Mapping[str, Any]) -> str:
    return "" if record.get("start") is None else WARM.format(start=str(record["start"]))


def _method(record: Mapping[str, Any]) -> str:
    method = restore(record["method"], known_methods(), "method")
    # As many updates as were made: a run that was stopped equals one that was asked for them.
    done = int(record["iterations"])
    if _unfinished(record):
        done = int(record["shown"]) + 1
    elif done == ([0, *_continued(record)])[-1]:
        done += 1  # it is stopped before the first of them
    return f"method = {constructed(method.replace(iterations=done), ('seed',))}\n"


def _unfinished(record: Mapping[str, Any]) -> bool:
    """Say whether the labels shown are those of an update, where a whole run's end is not."""
    stop = record.get("stop")
    ended = stop is not None and stop["kind"] not in UNFINISHED
    # A later iteration would count in a cut.
    return not ended and (record.get("cut") is not None or record["shown"] == record["iterations"])


def _run(record: Mapping[str, Any]) -> str:
    lines: list[str] = []
    places = [0, *_continued(record)]
    for begun, until in pairwise(places):
        call = _begun(record, not lines, str(until + (until == begun)))
        lines += _to_its_end(call, begun, until)
    call = _begun(record, not lines, "")
    if _unfinished(record):
        lines += [
            f"run = {call}",
            "# The run had not ended: take the steps up to the labels shown.",
            f"next(step for step in run if step.iteration == {int(record['shown'])})",
            *_shown(record),
            "run.close()",
        ]
    else:
        lines += [*_to_its_end(call, places[-1], int(record["iterations"])), *_shown(record)]
    return "\n".join(lines) + "\n"


def _continued(record: Mapping[str, Any]) -> list[int]:
    """Return the iterations at which the run was ended and gone on with."""
    return [int(each) for each in record.get("continued") or ()]


def _begun(record: Mapping[str, Any], first: bool, iterations: str) -> str:
    """Write the call that begins a run, or goes on with one; with no number to the last one."""
    image = bracketed(variables(record), record)
    if not first:
        return f"ss.go_on(run, {image}, iterations={iterations or 'method.iterations'})"
    method = f"method.replace(iterations={iterations})" if iterations else "method"
    values = [image, method, *options(record)]
    if record.get("start") is not None:
        values.append("start=start")
    values += [f"{key}={literal(record[key])}" for key in ("device", "precision", "threads")]
    return call(EVOLVE, values)


def _to_its_end(call: str, begun: int, until: int) -> list[str]:
    """Write that a run goes on from an iteration to the one it ended at."""
    if until == begun:
        return [f"run = {call}", "run.stop()", "run.finish()"]
    if call.startswith(EVOLVE):
        return [f"run = {SEGMENT}{call.removeprefix(EVOLVE)}"]
    return [f"run = {call}.finish()"]


def _saving(record: Mapping[str, Any], target: str, place: Mapping[str, Any]) -> str:
    """Write that the labels are saved, with how they were made."""
    lines = [] if record["method"] is None else [f"record = run.record({_which(record)})"]
    if wanted := record.get("objects"):
        keys = {"connected": bool(wanted["connected"]), "minimum_size": int(wanted["minimum_size"])}
        lines.append(f'record["objects"] = {keys}')
    if record.get("edits"):
        lines.append('record["edits"] = edits')
    values = [repr(target), "labels", *(f"{key}={literal(each)}" for key, each in place.items())]
    return "\n".join([*lines, call("ss.write_labels", [*values, "record=record"])]) + "\n"


def _which(record: Mapping[str, Any]) -> str:
    """Write which labels of a run are shown."""
    if "stack" in record:
        return ""
    if record.get("cut") is None:
        return str(int(record["shown"]))
    pieces = _pieces(record)
    cut = f"n_segments={int(record['cut']['n_segments'])}"
    if pieces is not None:
        algorithm = restore(pieces, known_superpixels(), "superpixel algorithm")
        cut += f", superpixels={constructed(algorithm)}"
    return cut if drawn_later(record) is None else f"{cut}, scribbles={LATER}"


def _shown(record: Mapping[str, Any]) -> list[str]:
    """Write the labels of the iteration shown, or the cut of all up to it."""
    if record.get("cut") is None:
        return [f"labels = run.labels({int(record['shown'])})"]
    n_segments = int(record["cut"]["n_segments"])
    recorded = _pieces(record)
    bound = "" if drawn_later(record) is None else f".bound({LATER})"
    if recorded is None:
        if not bound:
            return [f"labels = run.cut({n_segments})"]
        return [f"labels = run.hierarchy(){bound}.cut({n_segments})", *_outlined(record)]
    algorithm = constructed(restore(recorded, known_superpixels(), "superpixel algorithm"))
    masks = zip(numbered("mask", record), given(record, "mask"), strict=True)
    mask = [f"mask={variable}" for variable, array in list(masks)[:1] if array is not None]
    values = [variables(record)[0], algorithm, *mask, *axes(record)]
    return [
        call("pieces, _ = over_segment", values),
        f"labels = run.hierarchy(superpixels=pieces){bound}.cut({n_segments})",
        *_outlined(record),
    ]


def _outlined(record: Mapping[str, Any]) -> list[str]:
    """Write that a cut is outlined along the image or finished, where it is."""
    if record["method"].get("outlines") != IMAGE and not record.get("finish"):
        return []
    drawn = "" if drawn_later(record) is None else f", scribbles={LATER}"
    return [f"labels = run.outlined(labels{drawn})"]


def _pieces(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the superpixels a cut was made of, where they are not those of the run."""
    found: Mapping[str, Any] | None = (record.get("cut") or {}).get("superpixels")
    return found


def _superpixels_alone(record: Mapping[str, Any]) -> str:
    values = [*variables(record), *options(record)]
    algorithm = next(each for each in values if each.startswith("superpixels="))
    values.remove(algorithm)
    values.insert(1, algorithm.removeprefix("superpixels="))
    return call("labels, record = over_segment", values) + "\n"


def _objects(record: Mapping[str, Any]) -> str:
    """Write what was done with the classes: small pieces merged, pieces numbered."""
    wanted = record.get("objects")
    if not wanted:
        return ""
    size = int(wanted["minimum_size"])
    drawn = zip(numbered("scribbles", record), given(record, "scribbles"), strict=True)
    first = list(drawn)[:1]
    keep = "".join(f", keep={variable}" for variable, array in first if array is not None)
    keep = keep if drawn_later(record) is None else f", keep={LATER}"
    if wanted["connected"]:
        return f"labels = ss.connected(labels, minimum_size={size}{keep})\n"
    return f"labels = ss.merged_small(labels, {size}{keep})\n"
