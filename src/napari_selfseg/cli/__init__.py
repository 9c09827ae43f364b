"""The command line: ``napari-selfseg segment``, ``batch``, ``train``, ``apply`` and more.

Every refusal is one sentence on standard error and a non-zero exit code: 2 when what was asked
cannot be done, 1 when it went wrong on the way, 130 when interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

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
from napari_selfseg.cli._common import Parser, warnings_as_sentences

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
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after the program's name; those of the process by default.

    Returns
    -------
    int
        Exit code.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        args = _parser(words).parse_args(words)
        with warnings_as_sentences():
            return int(args.command(args))
    except KeyboardInterrupt:
        return _refuse("Interrupted; nothing was written.", 130)
    except (ValueError, OSError) as error:
        return _refuse(str(error), 2)
    except (MemoryError, RuntimeError) as error:
        return _refuse(str(error) or "Not enough memory: try a smaller image.", 1)


def _parser(words: list[str]) -> Parser:
    parser = Parser(
        prog="napari-selfseg",
        description="Segment images with networks that train themselves on the image at hand.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    for command in COMMANDS:
        command.add(commands, words)
    return parser


def _refuse(sentence: str, code: int) -> int:
    print(f"napari-selfseg: {' '.join(sentence.split())}", file=sys.stderr)
    return code


def _exit() -> NoReturn:
    sys.exit(main())


if __name__ == "__main__":
    _exit()
