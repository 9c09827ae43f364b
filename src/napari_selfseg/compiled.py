"""Loops that numba compiles when they are first needed, and keeps for the next process."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, ParamSpec, TypeVar

__all__ = ["compiled", "compiled_sum", "while_compiling"]

P = ParamSpec("P")
R = TypeVar("R")
# Functions that one call compiles: itself, and those it calls.
_NESTED: Final = 32


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function of arrays and numbers when it is first called.

    The first call imports numba, compiles for the types of its arguments without Python objects
    (``nopython``), and keeps the machine code on the disk, so that other processes load it. While
    it runs other threads go on. A compiled function may call another.
    """
    return _Compiled(function)


def compiled_sum(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function of finite numbers whose terms may be added in any order.

    So several are added at once, and its result may differ by rounding between processors.
    """
    return _Compiled(function, fastmath=True)


@contextlib.contextmanager
def while_compiling() -> Iterator[Callable[[], float]]:
    """Give a function that returns the seconds spent on compiling since, by the clock.

    They are those of all threads: of a time that was taken, they are what the next will not need.
    """
    from numba.core import event

    with event.install_listener("numba:compile", event.TimingListener()) as found:
        yield lambda: float(found.duration) if found.done else 0.0


class _Compiled(Generic[P, R]):
    def __init__(self, function: Callable[P, R], *, fastmath: bool = False) -> None:
        self._function, self._fastmath = function, fastmath
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        dispatcher: Callable[P, R] = self._dispatcher
        for _ in range(_NESTED):
            # Code that cannot be kept (a full disk) is there all the same, at the next call.
            with contextlib.suppress(OSError):
                return dispatcher(*args, **kwargs)
        return dispatcher(*args, **kwargs)

    @property
    def _numba_type_(self) -> Any:
        """What numba asks a value for that it does not know: we are called as our dispatcher."""
        return self._dispatcher._numba_type_

    @functools.cached_property
    def _dispatcher(self) -> Any:
        import numba

        try:
            return numba.njit(cache=True, nogil=True, fastmath=self._fastmath)(self._function)
        except RuntimeError:  # no folder can be written to
            return numba.njit(nogil=True, fastmath=self._fastmath)(self._function)
