"""Every setting there is, for `--help`."""

from __future__ import annotations

from fbp.config.override import flag
from fbp.config.schema import Config
from fbp.config.value import allowed, show
from fbp.config.variants import option_field, options, tag_of, variants


def settings() -> str:
    """A line per setting: its name on the command line, what it may be, its default."""
    lines: list[str] = []
    for name, annotation in options(Config).items():
        if not variants(annotation):
            lines.append(_line(Config, (name,)))
        for section in variants(annotation):
            tag = tag_of(section)
            heading = (name,) if tag is None else (name, f"{tag.option} {tag.name}")
            lines += ["", f"  {flag(heading)}"]
            lines += [
                _line(section, (name, option))
                for option in options(section)
                if tag is None or option != tag.option
            ]
    return "\n".join(lines) + "\n"


def _line(section: type, path: tuple[str, ...]) -> str:
    field = option_field(section, path[-1])
    default = "none" if field.default is None else show(field.default)
    may_be = allowed(options(section)[field.name], field.metadata)
    return f"    {flag(path):35} {may_be} [{default}]"
