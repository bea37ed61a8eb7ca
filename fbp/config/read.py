"""From a TOML file and the command line's overrides to a Config, or one line: what is wrong.

A section without its tag (`name`, or `mode`) is the default variant: [optimizer] alone is sgd.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, overload

from fbp.config.check import check
from fbp.config.error import ConfigError, nearest
from fbp.config.file import load
from fbp.config.override import Override, apply_overrides, flag, parse_overrides
from fbp.config.schema import Config
from fbp.config.value import allowed, read_value, show
from fbp.config.variants import option_field, options, paths, tag_of, variants

ConfigT = TypeVar("ConfigT", bound=Config)


class Place(NamedTuple):
    """Where in which file; path: ("optimizer", "learning_rate")."""

    file: Path
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join(self.path)

    def __truediv__(self, key: str) -> Place:
        return self._replace(path=(*self.path, key))


@overload
def read_config(path: str | Path, overrides: Sequence[str] = ()) -> Config: ...


@overload
def read_config(
    path: str | Path, overrides: Sequence[str] = (), *, kind: type[ConfigT]
) -> ConfigT: ...


def read_config(path, overrides=(), *, kind=Config):
    """The configuration in the file at `path`, with the command line's `overrides` in its place.

    kind: Config, or a subclass with more sections.

    overrides: words such as ["--optimizer.learning-rate", "0.1"]; a new variant
    (`--optimizer.name adam`) keeps what the file says of options that both variants have.
    Raises ConfigError: a file that is missing or is not TOML, unknown keys, wrong types, values out
    of range, settings that contradict each other.
    """
    place = Place(Path(path))
    table = load(place.file)
    config = _section(kind, kind(), table, place)
    if overrides:
        table = apply_overrides(table, parse_overrides(overrides))
        config = _section(kind, kind(), table, place)
    try:
        check(config)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return config


def _section(annotation: Any, default: Any, table: Any, place: Place) -> Any:
    """The variant that `table` chooses, with its values; what it leaves out is as in `default`."""
    if not isinstance(table, dict):
        inside = ", ".join(str(place / name) for name in options(type(default)))
        raise ConfigError(f"{_quote(table, place)} is a section, not a setting; allowed: {inside}")
    variant = _variant(annotation, default, table, place)
    base: Any = default if type(default) is variant else variant()
    values = {}
    for key, value in table.items():
        if key not in options(variant):
            raise ConfigError(_unknown(annotation, variant, value, place / key))
        if variants(options(variant)[key]):
            inner = getattr(base, key)
            values[key] = _section(options(variant)[key], inner, value, place / key)
        else:
            bounds = option_field(variant, key).metadata
            values[key] = _value(options(variant)[key], bounds, value, place / key)
    return dataclasses.replace(base, **values)


def _variant(annotation: Any, default: Any, table: dict, place: Place) -> type:
    """The dataclass whose tag the table holds; without a tag, the default's."""
    tag = tag_of(type(default))
    if tag is None or tag.option not in table:
        return type(default)
    by_name = {t.name: v for v in variants(annotation) if (t := tag_of(v)) is not None}
    names: Any = Literal[tuple(by_name)]
    return by_name[_value(names, {}, table[tag.option], place / tag.option)]


def _value(annotation: Any, bounds: Any, value: Any, place: Place) -> Any:
    """One value, checked."""
    may_be = allowed(annotation, bounds)
    if isinstance(value, dict):
        raise ConfigError(f"{_quote(value, place)} is no setting: {place} must be {may_be}")
    if isinstance(value, Override) and not value.tokens:
        raise ConfigError(f"{value} needs a value: {may_be}")
    try:
        found = value.value(annotation) if isinstance(value, Override) else value
        return read_value(found, annotation, bounds)
    except ValueError as error:
        raise ConfigError(f"{_quote(value, place)} {error}") from None


def _unknown(annotation: Any, variant: type, value: Any, place: Place) -> str:
    """What to say of a key that the variant does not have."""
    *section, key = place.path
    tag = tag_of(variant)
    problem = f"{_quote(value, place)} is no setting{f' of {tag.name}' if tag else ''}"
    owners = [t for v in variants(annotation) if key in options(v) and (t := tag_of(v)) is not None]
    if owners:
        belongs = [f"{'.'.join((*section, o.option))} = {show(o.name)}" for o in owners]
        return f"{problem}; it belongs to {' or '.join(belongs)}"
    override = _override_in(value)
    near = nearest(key, options(variant))
    if near is not None:
        below = () if override is None else override.path[len(place.path) :]
        right = [(*section, near, *below)]
    else:
        everywhere = paths(Config)
        last = nearest(key, {path[-1] for path in everywhere})
        right = sorted(path for path in everywhere if path[-1] == last)
    names = [".".join(path) if override is None else flag(path) for path in right]
    question = f"; did you mean {' or '.join(names)}?" if names else ";"
    return f"{problem}{question} allowed: {', '.join(options(variant))}"


def _quote(value: Any, place: Place) -> str:
    """A setting as the user wrote it: in the file, or on the command line."""
    override = _override_in(value)
    if override is not None:
        return str(override)
    shown = f"[{place}]" if isinstance(value, dict) else f"{place} = {show(value)}"
    return f"{place.file}: {shown}"


def _override_in(value: Any) -> Override | None:
    """The override that is `value`, or is inside it."""
    if isinstance(value, dict):
        return next(filter(None, map(_override_in, value.values())), None)
    return value if isinstance(value, Override) else None
