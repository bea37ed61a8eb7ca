"""`fbp COMMAND ...`: finds the command, and turns every mistake of a user into one line.

Nothing heavy is imported before the command is known: `fbp --help` starts no JAX.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches

from fbp import __version__
from fbp.cli.compilation_cache import use_compilation_cache
from fbp.cli.xla_flags import use_eigen_convolutions
from fbp.errors import FbpError
from fbp.pages import keep_pages

COMMANDS = {  # fbp/cli/NAME.py has run(argv) -> exit code
    "train": "train the model of a config, and write a report",
    "check": "prove the gradient of a config's model and loss, layer by layer",
    "compare": "every gradient mode on the same batch: exactness, time, FLOPs, memory",
    "bench": "training steps against autodiff's and other frameworks', in turn",
    "summary": "a row per layer: shapes, parameters, residuals, FLOPs",
    "predict": "classes and probabilities for the examples in a file",
    "sample": "text from a trained language model",
    "data": "the data sets there are, and where; fetch one",
}
HELP = """\
usage: fbp COMMAND ...

Functional backprop: networks trained by a backward pass that you can read, prove and time.

commands:
{commands}

options:
  -h, --help  this text; fbp COMMAND --help has a command's own
  --version   the version of fbp

A config is a TOML file, such as configs/digits_mlp.toml. Any of its settings can be given on the
command line after it: fbp train configs/digits_mlp.toml --optimizer.learning-rate 0.05"""


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 if a check failed, 2 for a user's mistake, 130 for Ctrl-C."""
    try:
        code = dispatch(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
    except FbpError as error:
        print(f"fbp: {' '.join(str(error).splitlines())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("fbp: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader, such as head, has enough. Nothing may be flushed into the pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return code


def dispatch(argv: list[str]) -> int:
    """Runs the command that argv[0] names. Raises FbpError if there is none."""
    command = argv[0] if argv else "--help"
    if command in ("-h", "--help"):
        rows = "\n".join(f"  {name:8}  {about}" for name, about in COMMANDS.items())
        print(HELP.format(commands=rows))
        return 0
    if command == "--version":
        print(f"fbp {__version__}")
        return 0
    if command not in COMMANDS:
        near = get_close_matches(command, [*COMMANDS, "--help", "--version"], n=1)
        question = f"; did you mean {near[0]}?" if near else ""
        raise FbpError(f"there is no command {command!r}{question} (fbp --help)")
    use_compilation_cache()
    use_eigen_convolutions()
    keep_pages()
    return importlib.import_module(f"fbp.cli.{command}").run(argv[1:])
