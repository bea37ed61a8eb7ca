"""A Config as TOML."""

from __future__ import annotations

import dataclasses

from fbp.config.schema import Config
from fbp.config.value import show


def to_toml(config: Config) -> str:
    """Every setting of `config`, defaults included, which `read_config` reads back as `config`.

    What is None has no line: TOML has no null, and the default of such a setting is None.
    """
    top, sections = [], []
    for name, value in _fields(config):
        if dataclasses.is_dataclass(value):
            lines = [f"{key} = {show(v)}" for key, v in _fields(value)]
            sections.append("\n".join([f"\n[{name}]", *lines]))
        else:
            top.append(f"{name} = {show(value)}")
    return "\n".join([*top, *sections]) + "\n"


def _fields(section) -> list[tuple]:
    values = [(f.name, getattr(section, f.name)) for f in dataclasses.fields(section)]
    return [(name, value) for name, value in values if value is not None]
