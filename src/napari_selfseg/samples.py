"""Sample data that ships with the package: three photographs and two synthetic sets.

The photographs are crops of public-domain (CC0) images; ``docs/samples.md`` says which
and where they were cut. The synthetic sets come from a fixed seed through a generator
of their own, so NumPy's global random state stays as it was.

`load` gives a plain array for scripts; the functions named after a sample give what
napari's *File > Open Sample* wants, a list with one layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "aerial",
    "blobs_3d",
    "divisions_over_time",
    "fluorescence_nuclei",
    "histology",
    "load",
    "names",
]

Bytes: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float64]
LayerData: TypeAlias = tuple[Bytes, dict[str, Any], str]

_DSB2018: Final = "2018 Data Science Bowl (BBBC038), stage 1, CC0"
_DUBAI: Final = "Semantic segmentation of aerial imagery, Dubai, Humans in the Loop, CC0"
_SYNTHETIC: Final = "synthetic, napari-selfseg developers, CC0"


def names() -> tuple[str, ...]:
    """Return the names of the samples, in the order of napari's menu."""
    return tuple(_ARRAYS)


def load(name: str) -> Bytes:
    """Return a sample as a plain array.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    ndarray of uint8
        ``(y, x)``, ``(y, x, rgb)``, ``(z, y, x)`` or ``(t, y, x)``; a new array at
        every call.

    Raises
    ------
    ValueError
        If there is no sample of that name.
    """
    if name not in _ARRAYS:
        raise ValueError(f"There is no sample {name!r}; the samples are {', '.join(names())}.")
    return _ARRAYS[name]()


def fluorescence_nuclei() -> list[LayerData]:
    """Nuclei in fluorescence, bright and dim ones, of which some touch.

    256 x 256, grey. From image ``e52960d31f8bddf8`` of the 2018 Data Science Bowl
    (BBBC038, stage 1), public domain (CC0).

    Returns
    -------
    list of LayerDataTuple
        One image layer.
    """
    return _layer("fluorescence_nuclei", "Fluorescence nuclei", _DSB2018)


def histology() -> list[LayerData]:
    """Stained tissue with nuclei, stroma and a band of red fibres.

    256 x 256, RGB. From image ``4193474b2f1c72f7`` of the 2018 Data Science Bowl
    (BBBC038, stage 1), public domain (CC0).

    Returns
    -------
    list of LayerDataTuple
        One RGB image layer.
    """
    return _layer("histology", "Histology", _DSB2018, rgb=True)


def aerial() -> list[LayerData]:
    """Water, grass, sand, roads and a building from above.

    320 x 320, RGB. From part 3 of tile 3 of "Semantic segmentation of aerial imagery"
    (Dubai, MBRSC satellites; Humans in the Loop), public domain (CC0).

    Returns
    -------
    list of LayerDataTuple
        One RGB image layer.
    """
    return _layer("aerial", "Aerial", _DUBAI, rgb=True)


def blobs_3d() -> list[LayerData]:
    """Balls of two textures in a mottled medium: a volume with flat voxels.

    32 x 96 x 96; a voxel is twice as deep as it is wide, and the balls are round in
    physical space. Synthetic, from a fixed seed.

    Returns
    -------
    list of LayerDataTuple
        One image layer with its scale.
    """
    return _layer(
        "blobs_3d", "Blobs (3-D)", _SYNTHETIC, scale=_SPACING, axis_labels=("z", "y", "x")
    )


def divisions_over_time() -> list[LayerData]:
    """Nuclei that drift and divide: a time series.

    12 frames of 128 x 128. Synthetic, from a fixed seed.

    Returns
    -------
    list of LayerDataTuple
        One image layer.
    """
    return _layer(
        "divisions_over_time",
        "Divisions over time",
        _SYNTHETIC,
        axis_labels=("t", "y", "x"),
    )


def _layer(name: str, title: str, source: str, **settings: object) -> list[LayerData]:
    metadata = {"sample": name, "source": source}
    return [(load(name), {"name": title, "metadata": metadata, **settings}, "image")]


# Photographs


def _photograph(name: str) -> Bytes:
    import imageio.v3 as iio

    file = resources.files("napari_selfseg") / "samples_data" / f"{name}.png"
    return np.array(iio.imread(file.read_bytes(), extension=".png"), dtype=np.uint8)


# A volume of two kinds of balls

_VOLUME: Final = (32, 96, 96)
_SPACING: Final = (2.0, 1.0, 1.0)
_COARSE: Final = 3.0
_FINE: Final = 0.8


class _Ball(NamedTuple):
    z: float
    y: float
    x: float
    radius: float


_SMOOTH_BALLS: Final = (
    _Ball(18.0, 24.0, 24.0, 15.0),
    _Ball(40.0, 66.0, 30.0, 17.0),
    _Ball(24.0, 50.0, 78.0, 12.0),
)
_GRAINY_BALLS: Final = (
    _Ball(44.0, 22.0, 62.0, 14.0),
    _Ball(16.0, 72.0, 58.0, 13.0),
    _Ball(48.0, 74.0, 80.0, 11.0),
)


def _blobs_volume() -> Bytes:
    rng = np.random.default_rng(20180701)
    medium = 70.0 + 12.0 * _mottle(rng, _COARSE)
    smooth = 150.0 + 6.0 * _mottle(rng, _COARSE)
    grainy = 125.0 + 45.0 * _mottle(rng, _FINE)
    volume = np.where(_inside(_SMOOTH_BALLS), smooth, medium)
    volume = np.where(_inside(_GRAINY_BALLS), grainy, volume)
    return _to_bytes(volume + rng.normal(0.0, 4.0, _VOLUME))


def _mottle(rng: np.random.Generator, size: float) -> Floats:
    """Noise smoothed over `size` (physical units), with unit variance."""
    from scipy.ndimage import gaussian_filter

    sigma = [size / step for step in _SPACING]
    noise = np.asarray(gaussian_filter(rng.normal(size=_VOLUME), sigma), dtype=np.float64)
    scaled: Floats = noise / noise.std()
    return scaled


def _inside(balls: Sequence[_Ball]) -> NDArray[np.bool_]:
    z, y, x = (step * axis for step, axis in zip(_SPACING, np.indices(_VOLUME), strict=True))
    squares = ((z - b.z) ** 2 + (y - b.y) ** 2 + (x - b.x) ** 2 - b.radius**2 for b in balls)
    return np.asarray(np.minimum.reduce(list(squares)) <= 0)


# A time series of dividing nuclei

_FRAMES: Final = (12, 128, 128)


class _Nucleus(NamedTuple):
    """Where a nucleus starts, how it drifts a frame, and when and along what it divides."""

    y: float
    x: float
    drift: tuple[float, float]
    division: int
    angle: float


_NUCLEI: Final = (
    _Nucleus(30.0, 34.0, (0.8, 0.5), 3, 0.4),
    _Nucleus(36.0, 92.0, (0.2, -0.9), 6, 2.0),
    _Nucleus(92.0, 30.0, (-0.7, 0.6), 9, 1.2),
    _Nucleus(84.0, 88.0, (0.9, 0.3), 5, 2.8),
    _Nucleus(64.0, 58.0, (0.2, 0.1), 12, 0.0),
)


def _divisions_series() -> Bytes:
    rng = np.random.default_rng(20200504)
    frames = np.stack([_frame(t) for t in range(_FRAMES[0])])
    return _to_bytes(frames + rng.normal(0.0, 5.0, _FRAMES))


def _frame(t: int) -> Floats:
    spots = [spot for nucleus in _NUCLEI for spot in _spots(nucleus, t)]
    brightest: Floats = np.maximum.reduce(spots)
    return 25.0 + 130.0 * brightest


def _spots(nucleus: _Nucleus, t: int) -> list[Floats]:
    y, x = nucleus.y + t * nucleus.drift[0], nucleus.x + t * nucleus.drift[1]
    age = t - nucleus.division
    if age < 0:
        return [_spot(y, x, 10.0)]
    half = 6.0 + 1.2 * age
    dy, dx = half * np.sin(nucleus.angle), half * np.cos(nucleus.angle)
    return [_spot(y + dy, x + dx, 7.0), _spot(y - dy, x - dx, 7.0)]


def _spot(y: float, x: float, radius: float) -> Floats:
    """A disc with a soft edge about two pixels wide."""
    rows, columns = np.indices(_FRAMES[1:])
    distance = np.hypot(rows - y, columns - x)
    return np.asarray(0.5 * (1.0 - np.tanh(distance - radius)), dtype=np.float64)


def _to_bytes(values: Floats) -> Bytes:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


_ARRAYS: Final[Mapping[str, Callable[[], Bytes]]] = MappingProxyType(
    {
        "fluorescence_nuclei": lambda: _photograph("fluorescence_nuclei"),
        "histology": lambda: _photograph("histology"),
        "aerial": lambda: _photograph("aerial"),
        "blobs_3d": _blobs_volume,
        "divisions_over_time": _divisions_series,
    }
)
