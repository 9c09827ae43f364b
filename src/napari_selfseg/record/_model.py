"""What a record holds, and of which type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

__all__ = ["check_record"]

# Axes of an image, and the longest of them that any file format knows.
AXES, LONGEST = 8, 2**53


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


_Whole = Annotated[int, BeforeValidator(_plain), Field(strict=True, ge=-LONGEST, le=LONGEST)]
_Count = Annotated[int, BeforeValidator(_plain), Field(strict=True, ge=0, le=LONGEST)]
_Size = Annotated[float, BeforeValidator(_plain), Field(allow_inf_nan=False)]
_Truth = Annotated[bool, BeforeValidator(_plain), Field(strict=True)]
_Lengths = Annotated[Sequence[_Count], Field(min_length=1, max_length=AXES)]


class _Part(BaseModel):
    """A part of a record; what is not known here may stand beside."""

    model_config = ConfigDict(extra="allow")


class _Image(_Part):
    name: str = ""
    shape: _Lengths = ()
    dtype: str = ""
    sha256: str = ""


class _Named(_Part):
    name: str


class _Packed(_Part):
    encoding: str = ""
    data: str


class _Stop(_Part):
    kind: str
    sentence: str = ""


class _Cut(_Part):
    n_segments: _Count
    superpixels: _Named | None = None
    scribbles: _Packed | None = None


class _Objects(_Part):
    connected: _Truth
    minimum_size: _Count


class _Edit(_Part):
    kind: Literal["merge", "split", "delete", "add", "class", "paint"]
    points: Sequence[Annotated[Sequence[_Whole], Field(min_length=1, max_length=AXES)]] = ()
    number: _Count = 0
    axis: _Count | None = None
    runs: Sequence[_Count] = ()


class _Source(_Part):
    layers: Sequence[str]
    path: str
    multiscale: _Truth
    rgb: _Truth
    region: Sequence[_Whole | Annotated[Sequence[_Whole], Field(min_length=2, max_length=2)]] | None


class _Common(_Part):
    software: dict[str, str]
    images: Annotated[Sequence[_Image], Field(min_length=1)]
    several: _Truth = False
    channel_axis: _Whole | None = None
    spacing: Annotated[Sequence[_Size], Field(max_length=AXES)] | None = None
    device: str = ""
    precision: str = ""
    threads: _Count | None = None
    ways: dict[str, str] | None = None
    stop: _Stop | None = None
    objects: _Objects | _Count | None = None
    finish: _Named | None = None
    source: _Source | None = None
    recipe: dict[str, Any] | None = None
    edits: Sequence[_Edit] | None = None
    n_labels: _Count = 0


_Arrays = Annotated[Sequence[_Packed | None], Field(min_length=1)]


class _Run(_Common):
    method: _Named | None
    superpixels: _Named | _Arrays | None
    mask: _Arrays | None = None
    scribbles: _Arrays | None = None
    start: str | None = None
    iterations: _Count
    shown: _Count
    cut: _Cut | None = None


class _Told(_Part):
    carry: str
    axis: Sequence[_Whole]
    iterations: _Count | None
    planes_fitted: _Count | None
    order: Sequence[_Count]
    failed: dict[str, str]
    resumed: Any


class _Stack(_Common):
    method: _Named
    superpixels: _Image | _Named | None
    mask: _Image | None = None
    iterations: _Count
    stack: _Told


class _Applied(_Common):
    applied: str
    fitted: _Named
    superpixels: Any = None
    tile: Annotated[Sequence[Annotated[_Count, Field(ge=1)]], Field(max_length=AXES)] | None = None


def check_record(record: Mapping[str, Any]) -> None:
    """Refuse a record in which something is of another type than it is written with.

    Arrays in it need not be packed. The ValueError says where.
    """
    kind = _Applied if "applied" in record else _Stack if "stack" in record else _Run
    try:
        kind.model_validate(_without_arrays(record))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"][:4]))
        raise ValueError(f"The record is damaged: {place}: {_lower(first['msg'])}.") from None
    except RecursionError:
        raise ValueError("The record is damaged: it is nested too deeply.") from None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _without_arrays(record: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: _described(value) for key, value in record.items()}
    if isinstance(cut := record.get("cut"), Mapping):
        found["cut"] = {key: _described([value])[0] for key, value in cut.items()}
    return found


def _described(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return value
    return [{"data": ""} if isinstance(each, np.ndarray) else each for each in value]
