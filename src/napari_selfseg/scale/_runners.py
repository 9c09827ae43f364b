"""Where pieces of work are done: here, in processes, or on the workers of a dask cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Protocol

from napari_selfseg.io import RemoteError
from napari_selfseg.machine.processes import DeafContext, deaf, follow_parent

__all__ = ["ClusterRunner", "Outcome", "ProcessRunner", "Runner", "SerialRunner", "runner_named"]

# How often a piece is tried that took its process down, before it counts as failed.
TRIES = 3
# Pieces handed over ahead of those that are done, for each process.
AHEAD = 2
# Each takes hundreds of megabytes; more is a slip of the pen.
MOST = 256

Work = Callable[[Any], Any]


@dataclass(frozen=True)
class Outcome:
    """What became of a piece of work.

    Attributes
    ----------
    piece : object
        As it was given.
    result : object
        What the work returned; None when it failed.
    error : str
        Why it failed, in a sentence; empty when it did not.
    remote : bool
        Whether that was a server that did not answer, and so will not for the next piece.
    """

    piece: Any
    result: Any = None
    error: str = ""
    remote: bool = False


class Runner(Protocol):
    """Does pieces of work in any order, and goes on when one fails."""

    def __call__(self, work: Work, pieces: Iterable[Any]) -> Iterator[Outcome]:
        """Yield an outcome a piece as they come; closing the iterator drops what is not begun.

        Parameters
        ----------
        work : callable
            A function of a module, so that it can be sent.
        pieces : iterable
            What to call it with, one at a time; sent by pickle.
        """


class SerialRunner:
    """Does one piece after the other in this process."""

    def __call__(self, work: Work, pieces: Iterable[Any]) -> Iterator[Outcome]:
        """Yield an outcome a piece, in the order given; the next one is taken when it is begun."""
        for piece in pieces:
            try:
                yield Outcome(piece, work(piece))
            except Exception as error:
                yield _failed(piece, error)


class ProcessRunner:
    """Does pieces in processes of this machine; one that dies is replaced.

    Parameters
    ----------
    processes : int
        How many at once.

    Raises
    ------
    ValueError
        When that is less than one, or more than 256.
    """

    def __init__(self, processes: int) -> None:
        if not 1 <= processes <= MOST:
            raise ValueError(f"Work is done in 1 to {MOST} processes, not in {processes}.")
        self._processes = processes

    def __call__(self, work: Work, pieces: Iterable[Any]) -> Iterator[Outcome]:
        """Yield an outcome a piece as they come."""
        left = dict(enumerate(pieces))
        tries = dict.fromkeys(left, 0)
        while left:
            # Nobody knows whose piece it was that took a process down: suspects go one by one.
            suspects = [number for number in left if tries[number]]
            together = suspects[:1] or list(left)
            chosen = {number: left[number] for number in together}
            # Closed here, and not when it is collected, where an interrupt would be swallowed.
            with contextlib.closing(self._until_broken(work, chosen, tries)) as outcomes:
                for number, outcome in outcomes:
                    del left[number]
                    yield outcome
            for number in [n for n in left if tries[n] >= TRIES]:
                yield Outcome(left.pop(number), error=f"Its process died {TRIES} times.")

    def _until_broken(
        self, work: Work, pieces: dict[int, Any], tries: dict[int, int]
    ) -> Generator[tuple[int, Outcome]]:
        """Yield until all are done or a process has died, which ends all its siblings."""
        queue, running = list(reversed(pieces)), dict[Future[Any], int]()
        with self._pool(len(queue)) as pool:
            try:
                while queue or running:
                    while queue and len(running) < self._processes * AHEAD:
                        number = queue.pop()
                        with deaf():
                            running[pool.submit(work, pieces[number])] = number
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        outcome = _outcome(future, pieces[running[future]])
                        yield running.pop(future), outcome
            except BrokenProcessPool:
                for number in running.values():
                    tries[number] += 1

    @contextlib.contextmanager
    def _pool(self, most: int) -> Iterator[ProcessPoolExecutor]:
        """Give processes that finish what they are at, unless somebody interrupts."""
        count = min(self._processes, most)
        pool = ProcessPoolExecutor(count, mp_context=DeafContext(), initializer=follow_parent)
        processes: dict[int, Any] = pool._processes  # type: ignore[assignment]
        try:
            yield pool
        except KeyboardInterrupt:
            _kill(processes)
            raise
        finally:
            try:
                pool.shutdown(wait=True, cancel_futures=True)
            except KeyboardInterrupt:
                _kill(processes)
                raise


def _kill(processes: dict[int, Any]) -> None:
    # They hear nothing else, and whatever they are at is written whole or not at all.
    for process in list(processes.values()):
        process.kill()


class ClusterRunner:
    """Does pieces on the workers of a dask cluster.

    Parameters
    ----------
    client : distributed.Client or str
        A client, so that whatever starts workers (dask-jobqueue, Kubernetes) can be used, or the
        address of a scheduler such as ``"tcp://10.0.0.1:8786"``.

    Raises
    ------
    ValueError
        When distributed is not installed.
    OSError
        When no scheduler answers there.
    """

    def __init__(self, client: Any) -> None:
        if isinstance(client, str):
            client = _connected(client)
        self._client = client

    def __call__(self, work: Work, pieces: Iterable[Any]) -> Iterator[Outcome]:
        """Yield an outcome a piece as they come."""
        from distributed import as_completed

        futures = {self._client.submit(work, piece, pure=False): piece for piece in pieces}
        try:
            for future in as_completed(list(futures)):
                yield _outcome(future, futures[future])
                future.release()
        finally:
            with contextlib.suppress(Exception):
                # Where the scheduler is gone nobody is left to be told.
                self._client.cancel(list(futures))


def runner_named(text: str) -> Runner:
    """Return a runner: ``"serial"``, ``"processes:4"``, or the address of a dask scheduler.

    Raises
    ------
    ValueError
        When it is none of these.
    OSError
        When no scheduler answers there.
    """
    name, _, rest = text.partition(":")
    if text == "serial":
        return SerialRunner()
    if name == "processes" and rest.isdecimal():
        return ProcessRunner(int(rest))
    if rest.startswith("//"):
        return ClusterRunner(text)
    raise ValueError(
        f"--scheduler {text} is unknown: take serial, processes:N, or the address of a dask "
        "scheduler such as tcp://10.0.0.1:8786."
    )


def _connected(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(
            "A dask cluster needs the package distributed: pip install napari-selfseg[cluster]."
        ) from None
    return Client(address, timeout="10s")


def _outcome(future: Any, piece: Any) -> Outcome:
    """Read a future that is done; a process that died is the caller's business."""
    error = future.exception()
    if isinstance(error, BrokenProcessPool):
        raise error
    return _failed(piece, error) if error else Outcome(piece, future.result())


def _failed(piece: Any, error: BaseException) -> Outcome:
    return Outcome(piece, error=_sentence(error), remote=isinstance(error, RemoteError))


def _sentence(error: BaseException) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    where = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
    return " ".join(f"{where}{said}".split()) or type(error).__name__
