"""What the schema says of itself: options of a section, variants of a union, the tag between them.

A section is a dataclass, or a union of dataclasses told apart by a Literal of one value.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints


class Tag(NamedTuple):
    """What tells variants apart: an option, such as "mode", and this variant's name in it."""

    option: str
    name: str


def options(section: type) -> dict[str, Any]:
    """The annotation of every option of one variant, by name."""
    hints = get_type_hints(section)
    return {field.name: hints[field.name] for field in dataclasses.fields(section)}


def option_field(section: type, name: str) -> dataclasses.Field:
    """The dataclass field of an option: its default, and its range in the metadata."""
    return next(field for field in dataclasses.fields(section) if field.name == name)


def variants(annotation: Any) -> tuple[type, ...]:
    """The dataclasses of a section, one or several; () for the annotation of a value."""
    members = get_args(annotation) or (annotation,)
    return members if all(dataclasses.is_dataclass(member) for member in members) else ()


def tag_of(section: type) -> Tag | None:
    """The Literal of one value among a section's options, or None where there is none."""
    for name, annotation in options(section).items():
        if get_origin(annotation) is Literal and len(get_args(annotation)) == 1:
            return Tag(name, get_args(annotation)[0])
    return None


def paths(section: type, prefix: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """The path of every value in `section`, whichever variants are chosen."""
    found: set[tuple[str, ...]] = set()
    for name, annotation in options(section).items():
        inner = variants(annotation)
        found |= set() if inner else {(*prefix, name)}
        found = found.union(*(paths(variant, (*prefix, name)) for variant in inner))
    return found
