"""Pieces of work done here, in processes and on a cluster."""

import os
import signal

import pytest

from napari_selfseg.scale import ClusterRunner, ProcessRunner, SerialRunner, runner_named


def doubled(n):
    if n == 3:
        raise ValueError("Three is\nnot doubled.")
    return 2 * n


def deadly(n):
    if n == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def once_deadly(where):
    folder, n = where
    marker = folder / "died"
    if n == 1 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return n


@pytest.fixture(scope="module", params=["serial", "processes", "cluster"])
def runner(request):
    if request.param == "serial":
        yield SerialRunner()
    elif request.param == "processes":
        yield ProcessRunner(2)
    else:
        distributed = pytest.importorskip("distributed")
        with (
            distributed.LocalCluster(
                n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield ClusterRunner(client)


def test_each_piece_has_an_outcome_and_a_failure_ends_nothing(runner):
    found = {each.piece: each for each in runner(doubled, [1, 2, 3, 4])}
    assert {n: found[n].result for n in found} == {1: 2, 2: 4, 3: None, 4: 8}
    assert [found[n].error for n in (1, 2, 3, 4)] == ["", "", "Three is not doubled.", ""]


def test_what_is_not_wanted_any_more_is_dropped(runner):
    outcomes = runner(doubled, range(4, 1000))
    assert next(outcomes).result >= 8
    outcomes.close()


def test_no_pieces_are_no_work(runner):
    assert list(runner(doubled, [])) == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_piece_that_kills_its_process_fails_alone():
    found = {each.piece: each.error for each in ProcessRunner(2)(deadly, [0, 1, 2, 3])}
    assert found == {0: "", 1: "Its process died 3 times.", 2: "", 3: ""}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_piece_whose_process_was_killed_is_tried_again(tmp_path):
    found = ProcessRunner(2)(once_deadly, [(tmp_path, n) for n in range(3)])
    assert sorted(each.result for each in found) == [0, 1, 2]


def test_runners_by_name():
    assert isinstance(runner_named("serial"), SerialRunner)
    assert isinstance(runner_named("processes:3"), ProcessRunner)
    for text in ("processes", "processes:0", "processes:x", "slurm", ""):
        with pytest.raises(ValueError, match="processes"):
            runner_named(text)


def test_nobody_answers_at_that_address():
    pytest.importorskip("distributed")
    with pytest.raises(OSError, match=r"127\.0\.0\.1:9"):
        runner_named("tcp://127.0.0.1:9")
