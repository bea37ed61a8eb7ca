"""How commands read their own arguments: argparse, with a mistake as one line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from fbp.config.error import nearest
from fbp.config.reference import settings
from fbp.config.schema import Config
from fbp.config.variants import options
from fbp.errors import FbpError

SETTINGS = "settings of CONFIG, what they may be, and [defaults]; --a.b VALUE replaces the file's:"


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises FbpError for a mistake, and knows options by full name."""

    def __init__(self, **keywords):
        super().__init__(
            formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **keywords
        )

    def error(self, message: str) -> NoReturn:
        raise FbpError(f"{message} ({self.prog} --help)")


class ConfigParser(Parser):
    """The parser of a command that takes CONFIG, options of its own, and settings of CONFIG."""

    def __init__(self, *, needs_config: bool = True, **keywords):
        super().__init__(**keywords)
        nargs = None if needs_config else "?"
        help = "a TOML file, as in configs/"
        self.add_argument("config", metavar="CONFIG", nargs=nargs, help=help)

    def parse(self, argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
        """(the command's own arguments, the rest: overrides for `read_config`)."""
        arguments, overrides = self.parse_known_args(argv)
        for word in overrides:
            name = word.removeprefix("--").partition("=")[0]
            near = nearest(f"--{name}", self._option_string_actions)
            if word.startswith("--") and name.split(".")[0] not in options(Config) and near:
                self.error(f"there is no option --{name}; did you mean {near}?")
        return arguments, overrides

    def format_help(self) -> str:
        return f"{super().format_help()}\n{SETTINGS}\n{settings()}"
