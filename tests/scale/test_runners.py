"""Pieces of work done here, in processes and on a cluster."""

import signal

import pytest

from napari_selfseg.scale import ClusterRunner, ProcessRunner, SerialRunner, runner_named

# Processes that are spawned import what they call; of built-in functions they find all.
DEADLY = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
ONCE_DEADLY = """
import os, pathlib, signal
marker = pathlib.Path({!r})
if not marker.exists():
    marker.touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


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
                n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield ClusterRunner(client)


def test_each_piece_has_an_outcome_and_a_failure_ends_nothing(runner):
    found = {each.piece: each for each in runner(int, ["1", "2", "x", "4"])}
    assert {piece: each.result for piece, each in found.items()} == {
        "1": 1, "2": 2, "x": None, "4": 4,
    }  # fmt: skip
    assert [found[piece].error for piece in ("1", "2", "4")] == ["", "", ""]
    assert found["x"].error == "invalid literal for int() with base 10: 'x'"


def test_an_error_is_one_line():
    [found] = SerialRunner()(exec, ["raise ValueError('Two\\nlines.')"])
    assert found.error == "Two lines."


def test_what_is_not_wanted_any_more_is_dropped(runner):
    outcomes = runner(int, [str(n) for n in range(4, 1000)])
    assert next(outcomes).result >= 4
    outcomes.close()


def test_no_pieces_are_no_work(runner):
    assert list(runner(int, [])) == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_piece_that_kills_its_process_fails_alone():
    found = {each.piece: each.error for each in ProcessRunner(2)(exec, ["a = 1", DEADLY, "a = 2"])}
    assert found == {"a = 1": "", DEADLY: "Its process died 3 times.", "a = 2": ""}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_piece_whose_process_was_killed_is_tried_again(tmp_path):
    code = ONCE_DEADLY.format(str(tmp_path / "died"))
    found = list(ProcessRunner(2)(exec, [code, "a = 1", "a = 2"]))
    assert [each.error for each in found] == ["", "", ""]
    assert (tmp_path / "died").exists()


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
