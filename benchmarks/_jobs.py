"""What is compared: text such as ``backprop:variant=continuity`` to labels of an image."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from _baselines import BASELINES, Baseline, Human, Ucm2
from _scores import COLUMNS, Figures, figures, human
from _sets import Case

from napari_selfseg.catalogue import METHODS, SUPERPIXELS, over_segment, segment
from napari_selfseg.parameters import Parameters, named, parse
from napari_selfseg.protocol import Method
from napari_selfseg.superpixels import Superpixels

KNOWN: tuple[type[Parameters], ...] = (*SUPERPIXELS, *BASELINES, *METHODS)  # of one name the last
REGIONS: tuple[type[Parameters], ...] = (*SUPERPIXELS, Ucm2)
EVERY = 50  # iterations between the labels of a run that are scored

# The one parameter that is swept when it is not given; best with the truth, so an oracle.
AXES: dict[str, tuple[str, tuple[float, ...]]] = {
    "grid": ("cells", (2, 4, 6, 9, 12, 20, 30, 60)),
    "slic": ("n_segments", (4, 6, 8, 12, 16, 24, 32, 64, 128, 256)),
    "felzenszwalb": ("scale", (50, 100, 200, 300, 500, 700, 1000, 1500, 2000, 3000)),
    "kmeans": ("k", (2, 3, 4, 5, 6, 8, 10, 15)),
    "otsu_watershed": ("min_distance", (3, 5, 7, 10, 15, 20)),
    "ucm2": ("threshold", (*(k / 100 for k in range(3, 61, 3)), 0.7, 0.8, 0.9)),
}


@dataclass(frozen=True)
class Job:
    """A method or baseline, and the values of the parameter it is swept over.

    Attributes
    ----------
    what : Parameters
        With its parameters.
    superpixels : Superpixels, Ucm2 or None
        In place of the method's own.
    axis : str
        The parameter that is swept; ``"shown"`` for the iterations of a run, ``"level"`` for cuts
        of its consensus, empty for none.
    values : tuple of float
        Its values.
    precision : str
        Asked for, of a run.
    threads : int
        Of a run.
    """

    what: Parameters
    superpixels: Parameters | None
    axis: str
    values: tuple[float, ...]
    precision: str = "auto"
    threads: int = 1

    @property
    def stops(self) -> tuple[float, ...]:
        """Iterations whose labels are scored."""
        return self.values if self.axis == "shown" else ()

    @cached_property
    def key(self) -> dict[str, Any]:
        """All that decides the labels of an image, but not the machine."""
        parameters = {k: v for k, v in self.what.as_dict().items() if k != self.axis}
        run = {"precision": self.precision} if isinstance(self.what, Method) else {}
        own = self.superpixels is None
        return {
            "parameters": parameters,
            "superpixels": None if own else cast(Parameters, self.superpixels).as_dict(),
            **run,
            "axis": self.axis,
            "values": list(self.values),
        }

    def row(self, case: Case) -> dict[str, Any] | None:
        """Label and score an image; None where that is not possible for it."""
        found, extra = self._found(case)
        if not found:
            return None
        columns = COLUMNS[case.of.kind]
        scores = [[_short(each[name]) for name in columns] for each in found]
        return {**extra, "columns": columns, "scores": scores}

    def _found(self, case: Case) -> tuple[list[Figures], dict[str, Any]]:
        if isinstance(self.what, Human):
            one = human(case)
            return ([one] if one else []), {}
        start = time.process_time()
        maps, extra = self._labels(case)
        seconds = {"seconds": round(time.process_time() - start, 2)}
        objects = getattr(self.what, "finds_objects", False)
        found = [figures(each, case, finds_objects=objects) for each in maps]
        return found, {**seconds, **extra}

    def _labels(self, case: Case) -> tuple[list[np.ndarray], dict[str, Any]]:
        if isinstance(self.what, Method):
            return self._evolved(case, self.what)
        maps = [_baseline(each, case) for each in self._swept()]
        return [each for each in maps if each is not None], {}

    def _swept(self) -> Iterator[Parameters]:
        for value in self.values or (None,):
            yield self.what if value is None else self.what.replace(**{self.axis: value})

    def _evolved(self, case: Case, method: Method) -> tuple[list[np.ndarray], dict[str, Any]]:
        regions = self.superpixels
        if isinstance(regions, Baseline) and (regions := regions.labels(case)) is None:
            return [], {}
        run = segment(
            case.image.data,
            method,
            superpixels=regions,
            channel_axis=case.image.channel_axis,
            threads=self.threads,
            precision=self.precision,
        )
        # After an early end the last labels stay, and a long run keeps every second map or fewer.
        kept = [max(t for t in run.iterations if t <= value) for value in self.stops]
        record = run.record()
        how = {"used": record["precision"], "threads": run.threads, "done": run.iteration}
        how["stop"] = run.stop_reason
        if self.axis == "level":
            return [run.cut(level=value) for value in self.values], how
        return [run.labels(t) for t in kept], how


def _baseline(what: Parameters, case: Case) -> np.ndarray | None:
    if isinstance(what, Baseline):
        return what.labels(case)
    image = case.image
    labels, _ = over_segment(image.data, cast(Superpixels, what), channel_axis=image.channel_axis)
    return labels


def _short(value: float) -> float:
    return int(value) if float(value).is_integer() else float(f"{value:.7g}")


def read_job(text: str, precision: str, threads: int) -> Job:
    """Read ``name:field=value,...``, for a method with ``+slic:...`` for other superpixels.

    A baseline may have several values, as in ``slic:n_segments=16/64,compactness=10``, and a
    method several levels at which the consensus of its run is cut: ``backprop:level=0.5/0.7``.
    """
    text, _, regions = text.partition("+")
    name, _, given = text.partition(":")
    pairs = [pair for pair in given.split(",") if "/" not in pair]
    several = [pair for pair in given.split(",") if "/" in pair]
    text = ":".join((name, ",".join(pairs)))
    what = parse(text, KNOWN, "method or baseline")
    superpixels = parse(regions, REGIONS, "superpixels") if regions else None
    axis, values = _several(*several) if several else _axis(what, text)
    return Job(what, superpixels, axis, values, precision, threads)


def _several(pair: str) -> tuple[str, tuple[float, ...]]:
    axis, _, values = pair.partition("=")
    return axis, tuple(map(json.loads, values.split("/")))


def _axis(what: Parameters, text: str) -> tuple[str, tuple[float, ...]]:
    if isinstance(what, Method):
        stops = range(EVERY, what.iterations, EVERY)
        return "shown", (*stops, what.iterations)
    axis, values = AXES.get(what.name, ("", ()))
    return ("", ()) if f"{axis}=" in text else (axis, values)


def completed(row: dict[str, Any]) -> dict[str, Any]:
    """Fill in parameters that are younger than a row; their defaults change nothing."""
    defaults = {each.name: each.default for each in _class(row).declared()}
    defaults.pop(row["axis"], None)
    return {**row, "parameters": {**defaults, **row["parameters"]}}


def _class(key: dict[str, Any], known: Sequence[type[Parameters]] = KNOWN) -> type[Parameters]:
    return named(key["parameters"]["name"], known, "method or baseline")


def own_level(key: dict[str, Any]) -> float:
    """Return the height at which a method cuts its consensus when nobody says where."""
    cls = _class(key)
    fields = {k: v for k, v in key["parameters"].items() if k != "name"}
    return cast(Method, cls(**fields)).level


def title(key: dict[str, Any], known: Sequence[type[Parameters]] = KNOWN) -> str:
    """Name a key with the parameters that are not the defaults."""
    cls, given = _class(key, known), dict(key["parameters"])
    given.pop("name")
    defaults = {each.name: each.default for each in cls.declared()}
    parts = [f"{k} {v}" for k, v in given.items() if v != defaults.get(k, v)]
    if key["superpixels"]:
        # A method and superpixels may have one name.
        on = {"parameters": key["superpixels"], "superpixels": None}
        parts.append("on " + title(on, REGIONS))
    if key.get("precision", "auto") != "auto":
        parts.append(key["precision"])
    return ", ".join([cls.title, *parts])
