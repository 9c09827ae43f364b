"""A temporary folder, kept for as long as somebody needs it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

__all__ = ["Lease"]

FOLDER: Final = "napari-selfseg-"


class Lease:
    """A temporary folder that is deleted when no layer and no worker needs it any more.

    At the latest it is deleted when Python ends; those of processes that were killed are deleted
    when the next one is made.
    """

    def __init__(self) -> None:
        self.folder = _made()
        self._end = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._lock = threading.Lock()
        # Whoever makes it needs it, until `follow` hands that over to the layers.
        self._needed = 1

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep the folder while something reads or writes it; in any thread."""
        self._take()
        try:
            yield
        finally:
            self._give_back()

    def keep(self) -> None:
        """Never delete the folder: a file of the user lies in it."""
        self._end.detach()

    def follow(self, viewer: Any) -> None:
        """Keep the folder from now on only while a layer of the viewer reads it."""
        removed = viewer.layers.events.removed

        def look(event: object = None) -> None:
            if not any(_reads(each, self.folder) for each in viewer.layers):
                removed.disconnect(look)
                self._give_back()

        # A closure, as napari holds on to these: the lease lives as long as the viewer asks it.
        removed.connect(look)

    def _take(self) -> None:
        with self._lock:
            self._needed += 1

    def _give_back(self) -> None:
        with self._lock:
            self._needed -= 1
            over = self._needed == 0
        if over:
            # Thousands of files: nobody should wait for them, but Python does before it ends.
            threading.Thread(target=self._end).start()


def _made() -> Path:
    from napari_selfseg.io import is_abandoned, owner_mark

    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        # On a disk that machines share, a window of another one may show it for days.
        if is_abandoned(folder, elsewhere=False):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{FOLDER}{owner_mark()}-")).resolve()


def _reads(layer: Any, folder: Path) -> bool:
    levels = layer.data if getattr(layer, "multiscale", False) else [layer.data]
    roots = (getattr(getattr(each, "store", None), "root", None) for each in levels)
    return any(root is not None and Path(root).is_relative_to(folder) for root in roots)
