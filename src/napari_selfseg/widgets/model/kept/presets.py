"""Parameters saved under a name, in a file of the user's."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from platformdirs import user_config_dir

__all__ = ["Presets", "default_path", "write_atomically"]

LONGEST: Final = 60

Stored = dict[str, dict[str, dict[str, Any]]]


def default_path() -> Path:
    """Return where the presets of this user are."""
    return Path(user_config_dir("napari-selfseg", appauthor=False)) / "presets.json"


class Presets:
    """The presets of a file: values by parameter, by name, by kind.

    Several windows may share the JSON file, which need not exist, so it is read before every answer
    and every change, and written whole or not at all. The kind is the name of a method or of an
    algorithm.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self, kind: str) -> tuple[str, ...]:
        """Return the names there are for a kind, in alphabetical order.

        Raises
        ------
        ValueError
            When the file cannot be read.
        """
        return tuple(sorted(_read(self._path).get(kind, {}), key=str.casefold))

    def load(self, kind: str, name: str) -> dict[str, Any]:
        """Return the values of a preset as they were saved: some may belong to another version.

        Raises
        ------
        ValueError
            When there is no such preset, or the file cannot be read.
        """
        found = _read(self._path).get(kind, {})
        _check_there(name, found)
        return found[name]

    def save(self, kind: str, name: str, values: Mapping[str, Any]) -> None:
        """Save values under a name, in place of those it had.

        The name has at most 60 characters in one line; blanks around it are left out. Values are
        numbers, strings and truth values.

        Raises
        ------
        ValueError
            When the name is not one, or the file cannot be read or written.
        """
        name = _checked(name)
        stored = _read(self._path)
        stored.setdefault(kind, {})[name] = dict(values)
        _write(self._path, stored)

    def remove(self, kind: str, name: str) -> None:
        """Remove a preset.

        Raises
        ------
        ValueError
            When there is no such preset, or the file cannot be read or written.
        """
        stored = _read(self._path)
        found = stored.get(kind, {})
        _check_there(name, found)
        del found[name]
        _write(self._path, stored)


def _checked(name: str) -> str:
    name = name.strip()
    if not name:
        raise ValueError("Give the preset a name.")
    if len(name.splitlines()) > 1:
        raise ValueError("The name of a preset must be a single line.")
    if len(name) > LONGEST:
        raise ValueError(f"The name of a preset has at most {LONGEST} characters, not {len(name)}.")
    return name


def _check_there(name: str, found: Mapping[str, object]) -> None:
    if name not in found:
        raise ValueError(f"There is no preset {name!r} any more.")


def _read(path: Path) -> Stored:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ValueError(f"The presets in {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise _damaged(path) from error
    return _parsed(text, path)


def _parsed(text: str, path: Path) -> Stored:
    try:
        stored: Stored = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path) from error
    if not _is_stored(stored):
        raise _damaged(path)
    return stored


def _is_stored(stored: Any) -> bool:
    return isinstance(stored, dict) and all(
        isinstance(kind, dict) and all(isinstance(values, dict) for values in kind.values())
        for kind in stored.values()
    )


def _damaged(path: Path) -> ValueError:
    return ValueError(f"The file of presets {path} is damaged: correct it, or move it away.")


def _write(path: Path, stored: Stored) -> None:
    text = json.dumps(stored, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        write_atomically(path, text)
    except OSError as error:
        raise ValueError(f"The presets cannot be saved in {path}: {error.strerror}.") from error


def write_atomically(path: Path, text: str) -> None:
    """Write a file and its folder; one beside it takes its place, so no reader sees half of it.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=path.name, delete=False
    ) as new:
        try:
            new.write(text)
            new.close()
            os.replace(new.name, path)
        except BaseException:
            new.close()
            os.unlink(new.name)
            raise
