"""What the user set for this plugin under File > Preferences."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Settings", "read"]

logger: Final = logging.getLogger(__name__)
PLUGIN: Final = "napari-selfseg"
GIGABYTE: Final = 1e9  # as in the estimates that are shown


@dataclass(frozen=True)
class Settings:
    """Where and how to compute, unless a dock says otherwise.

    Attributes
    ----------
    device : str
        ``"auto"``, or the name of a device.
    threads : int
        CPU threads; 0 leaves one core to the window.
    memory_limit : int or None
        Bytes that a run may take; None allows all there is.
    """

    device: str = "auto"
    threads: int = 0
    memory_limit: int | None = None


def read() -> Settings:
    """Read the settings as they are now; never raises.

    A value that cannot be used is replaced by its default, and so are all where napari is older
    than plugin settings (0.9) or cannot read them.
    """
    try:
        from napari.settings import get_plugin_settings
    except ImportError:
        return Settings()
    try:
        stored = get_plugin_settings(PLUGIN).compute
    except Exception:
        logger.warning("The settings of %s cannot be read: defaults are used.", PLUGIN)
        return Settings()
    return Settings(
        _device(getattr(stored, "device", None)),
        _threads(getattr(stored, "threads", None)),
        _memory_limit(getattr(stored, "memory_limit", None)),
    )


def _device(stored: Any) -> str:
    return stored if isinstance(stored, str) and stored else Settings.device


def _threads(stored: Any) -> int:
    usable = isinstance(stored, int) and stored >= 0
    return int(stored) if usable else Settings.threads


def _memory_limit(stored: Any) -> int | None:
    usable = isinstance(stored, int | float) and math.isfinite(stored) and stored > 0
    return round(stored * GIGABYTE) if usable else Settings.memory_limit
