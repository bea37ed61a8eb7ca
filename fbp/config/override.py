"""Settings from the command line: `--optimizer.learning-rate 0.1`, `--model.widths 512 512`.

A value is written as in TOML, without quotes; True, False and None are understood too. They go
into the table that was read from the file, so that one reader checks both.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any, NamedTuple, get_origin

from fbp.config.error import ConfigError
from fbp.config.schema import Config
from fbp.config.value import without_none
from fbp.config.variants import options, tag_of, variants

FLAG = re.compile(r"--([A-Za-z][\w.-]*)(?:=(.*))?", re.DOTALL)
WORDS = {"True": True, "False": False, "None": None}


class Override(NamedTuple):
    """One setting from the command line; tokens: its value, still as words."""

    path: tuple[str, ...]
    tokens: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((flag(self.path), *self.tokens))

    def value(self, annotation: Any) -> Any:
        """What TOML would have given; a list for several words."""
        inner = without_none(annotation)
        values = [token if inner is str else _value(token) for token in self.tokens]
        if len(values) == 1 and (get_origin(inner) is not tuple or isinstance(values[0], list)):
            return values[0]
        return values


def flag(path: Sequence[str]) -> str:
    """The command line's name of a setting: --optimizer.learning-rate."""
    return "--" + ".".join(path).replace("_", "-")


def parse_overrides(args: Sequence[str]) -> list[Override]:
    """`--a.b value ...` or `--a.b=value`, again and again. Raises ConfigError for a stray word."""
    found: list[Override] = []
    for word in args:
        match = FLAG.fullmatch(word)
        if match:
            path = tuple(match[1].replace("-", "_").split("."))
            found.append(Override(path, () if match[2] is None else (match[2],)))
        elif found:
            found[-1] = found[-1]._replace(tokens=(*found[-1].tokens, word))
        else:
            raise ConfigError(
                f"unexpected argument {word!r}: a setting is written --section.name value"
            )
    return found


def apply_overrides(table: dict[str, Any], overrides: Sequence[Override]) -> dict[str, Any]:
    """The file's table with the overrides in place of its values.

    A new variant (`--gradient.mode spsa`) keeps what the file says of options that both variants
    have, and drops the rest of that section of the file.
    """
    for override in overrides:
        if len(override.path) == 2:
            section, key = override.path
            for variant in variants(options(Config).get(section)):
                if tag_of(variant) == (key, override.tokens[0] if override.tokens else None):
                    kept = table.get(section, {})
                    table[section] = {k: v for k, v in kept.items() if k in options(variant)}
    for override in overrides:
        inner = table
        for key in override.path[:-1]:
            if not isinstance(inner.get(key), dict):
                inner[key] = {}
            inner = inner[key]
        inner[override.path[-1]] = override
    return table


def _value(token: str) -> Any:
    if token in WORDS:
        return WORDS[token]
    try:
        return tomllib.loads(f"value = {token}")["value"]
    except tomllib.TOMLDecodeError:
        return token
