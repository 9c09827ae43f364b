"""The command line: ``napari-selfseg segment``, ``batch``, ``train``, ``apply`` and more.

Every refusal is one sentence on standard error and a non-zero exit code: 2 when what was asked
cannot be done, 1 when it went wrong on the way, 130 when interrupted (Ctrl-C, or SIGTERM), 141 when
nobody reads what is printed.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from napari_selfseg.cli import (
    _apply,
    _batch,
    _demo,
    _evaluate,
    _methods,
    _plan,
    _replay,
    _run,
    _segment,
    _superpixels,
    _train,
)
from napari_selfseg.cli._messages._sentences import in_a_line, report_fault, sentence_of
from napari_selfseg.cli._options._common import Parser, warnings_as_sentences
from napari_selfseg.cli._options._interrupt import INTERRUPTED, end_quietly
from napari_selfseg.machine.signals import Heard, listening

__all__ = ["main"]

COMMANDS = (
    _segment,
    _train,
    _apply,
    _batch,
    _plan,
    _run,
    _superpixels,
    _evaluate,
    _methods,
    _demo,
    _replay,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command, of `argv` or of the process, and return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    with listening() as heard:
        code, sentence = _ended(words, heard)
        if sentence:
            print(f"napari-selfseg: {in_a_line(sentence)}", file=sys.stderr)
    if argv is None:
        end_quietly()
    return code


def _ended(words: list[str], heard: Heard) -> tuple[int, str]:
    """Run a command; some libraries take an interrupt in them for another error, or for none."""
    try:
        code, sentence = _ran(words)
    except Exception as error:  # what nobody foresaw is no reason for a traceback
        code, sentence = 1, "" if heard.interrupt else report_fault(error)
    if heard.interrupt and code != INTERRUPTED:
        return INTERRUPTED, "Interrupted." if code else "Interrupted when all was done."
    return code, sentence


def _ran(words: list[str]) -> tuple[int, str]:
    """Run a command; return its exit code, and a sentence where it did not end well."""
    try:
        code = _done(words)
        sys.stdout.flush()
        return code, ""
    except KeyboardInterrupt as error:
        return INTERRUPTED, str(error) or "Interrupted; nothing was written."
    except BrokenPipeError:
        return _unheard(), ""
    except (ValueError, OSError) as error:
        return 2, sentence_of(error)
    except (MemoryError, RuntimeError) as error:
        return 1, sentence_of(error)


def _done(words: list[str]) -> int:
    # A name may hold what the terminal's encoding does not.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    args = _parser(words).parse_args(words)
    with warnings_as_sentences():
        return int(args.command(args))


def _unheard() -> int:
    """End as a program does whose output nobody reads any more."""
    # What is left in the buffer would fail again when Python ends.
    with contextlib.suppress(OSError, ValueError):
        heard = sys.stdout.fileno()
        with open(os.devnull, "wb") as nobody:
            os.dup2(nobody.fileno(), heard)
    # 128 and the number of SIGPIPE, as a shell would say it.
    return 141


def _parser(words: list[str]) -> Parser:
    parser = Parser(
        prog=_program(),
        description="Segment images with networks that train themselves on the image at hand.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    for command in COMMANDS:
        command.add(commands, words)
    return parser


def _program() -> str:
    """Return what a person has typed, for usage: the script, or the module."""
    as_module = Path(sys.argv[0]).parts[-2:] == ("napari_selfseg", "__main__.py")
    return "python -m napari_selfseg" if as_module else "napari-selfseg"
