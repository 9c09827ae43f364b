"""OME-Zarr on a web server, read chunk by chunk: with time-outs, and tried again after a while."""

from __future__ import annotations

import asyncio
import contextlib
import re
import weakref
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import zarr
from zarr.abc.store import ByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.storage import FsspecStore, WrapperStore

from napari_selfseg.io._pixels._image_file import RemoteError, UnsuitableError, reason

if TYPE_CHECKING:
    from zarr.core.buffer import Buffer, BufferPrototype

__all__ = ["Remote", "address_of", "answering", "open_remote"]

# Seconds before each further try.
WAITS: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
# Seconds until a server has to have answered, and to have sent the next piece.
CONNECT, READ = 10.0, 30.0
# What a server says when it is busy, or what is in front of it; anything else stays as it is.
BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
GET_REMOTE: Final = 'pip install "napari-selfseg[remote]"'
_ADDRESS: Final = re.compile(r"(https?):/+([^/].*)", re.IGNORECASE)

T = TypeVar("T")


def address_of(path: Any) -> str | None:
    """Return the address of something on a web server; None of files and of anything else.

    `pathlib.Path` makes one slash of two: what has become of an address there is understood, too.
    """
    text = path.as_posix() if isinstance(path, Path) else path
    found = _ADDRESS.fullmatch(text) if isinstance(text, str) else None
    return f"{found[1].lower()}://{found[2]}" if found else None


class Remote(WrapperStore[FsspecStore]):
    """A store that tries again what a server did not answer.

    Raises
    ------
    RemoteError
        When it did not answer after all.
    """

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read something, or a part of it; None where the server says that it is not there."""
        found = await self._patiently(lambda: self._store.get(key, prototype, byte_range))
        if found is not None and _wanted(byte_range) not in (None, len(found)):
            raise RemoteError(
                f"{self._address} is sent in whole files only, and its chunks lie in shards: take "
                "a server that answers requests of a range, or copy the image."
            )
        return found

    async def exists(self, key: str) -> bool:
        """Say whether something is there."""
        return await self._patiently(lambda: self._store.exists(key))

    async def _get_many(self, requests: Any) -> Any:
        for key, prototype, byte_range in requests:
            yield key, await self.get(key, prototype, byte_range)

    @property
    def _address(self) -> str:
        return str(self._store.path)

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        waits = iter(WAITS)
        while True:
            try:
                return await ask()
            except Exception as error:  # of aiohttp, of its time-outs, of the system
                why = _final(error)
                if (wait := next(waits, None)) is None or why:
                    said = why or f"does not answer ({reason(error)})"
                    raise RemoteError(
                        f"{self._address} {said}: do the same again once the server answers."
                    ) from error
                await asyncio.sleep(wait)


@contextlib.contextmanager
def answering() -> Iterator[None]:
    """Turn the errors of any library that asks a server into one `RemoteError` with a sentence."""
    try:
        yield
    except RemoteError:
        raise
    except Exception as error:
        if not any(map(_is_of_server, _chain(error))):
            raise
        raise RemoteError(
            f"The server that the image is read from does not answer ({reason(error)}): go on once "
            "it does."
        ) from error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_of_server(error: BaseException) -> bool:
    of_http = type(error).__module__.partition(".")[0] in ("aiohttp", "requests", "urllib3")
    return of_http or isinstance(error, ConnectionError | TimeoutError)


def open_remote(address: str) -> Any:
    """Open what is at an address; None where there is no zarr.

    Raises
    ------
    RemoteError
        When the server does not answer.
    UnsuitableError
        When fsspec and aiohttp are not installed.
    """
    try:
        from aiohttp import ClientTimeout
        from fsspec.implementations.http import HTTPFileSystem
    except ImportError:
        raise UnsuitableError(
            f"Images on a server are read by fsspec and aiohttp: {GET_REMOTE}."
        ) from None
    timeout = ClientTimeout(total=None, sock_connect=CONNECT, sock_read=READ)
    files = HTTPFileSystem(
        asynchronous=True, skip_instance_cache=True, client_kwargs={"timeout": timeout}
    )
    store = Remote(FsspecStore(files, read_only=True, path=address.rstrip("/")))
    weakref.finalize(store, _end, files)
    try:
        return zarr.open(store, mode="r")
    except FileNotFoundError:
        return None


def _end(files: Any) -> None:
    """Close what was opened to a server."""
    session = files._session
    if session is not None and not session.closed:
        files.close_session(session._loop, session)


def _wanted(part: ByteRequest | None) -> int | None:
    if isinstance(part, RangeByteRequest):
        return part.end - part.start
    return part.suffix if isinstance(part, SuffixByteRequest) else None


def _final(error: Exception) -> str | None:
    """Say why trying again is of no use; None where it may be."""
    status = getattr(error, "status", None)
    if isinstance(status, int) and status not in BUSY:
        return f"is refused by the server ({status} {getattr(error, 'message', '')})".replace(
            " )", ")"
        )
    return None
