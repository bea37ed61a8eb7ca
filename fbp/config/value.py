"""One value of a configuration: what its annotation and its range allow."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from operator import ge, gt, le, lt
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from fbp.config.error import nearest

HOLDS = {"low": ge, "above": gt, "high": le, "below": lt}
WORDS = {"low": "at least", "above": "above", "high": "at most", "below": "below"}
NOUNS = {int: "integer", float: "number", str: "string"}


def read_value(value: Any, annotation: Any, bounds: Mapping[str, Any]) -> Any:
    """`value` as the annotation has it: an integer where a number is asked becomes a float, a list
    a tuple. bounds: the field's metadata. Raises ValueError, which says what is allowed.
    """
    if value is None and optional(annotation):
        return None
    inner = without_none(annotation)
    read = _typed(value, inner)
    values = read if isinstance(read, tuple) else (read,)
    if read is None or not all(_within(v, bounds) for v in values):
        choices = get_args(inner) if get_origin(inner) is Literal else ()
        near = nearest(str(value), map(str, choices))
        question = "" if near is None else f"; did you mean {near}?"
        raise ValueError(f"must be {allowed(annotation, bounds)}{question}")
    return read


def allowed(annotation: Any, bounds: Mapping[str, Any]) -> str:
    """What a value may be, in words: 'a number from 0 to 0.9'."""
    inner = without_none(annotation)
    if get_origin(inner) is Literal:
        return f"one of {', '.join(map(str, get_args(inner)))}"
    if inner is bool:
        return "true or false"
    if get_origin(inner) is tuple:
        of = get_args(inner)[0]
        if get_origin(of) is Literal:
            return f"a list, empty or of {', '.join(map(str, get_args(of)))}"
        return f"a list of {NOUNS[of]}s{_range(bounds)}"
    return f"{'an' if inner is int else 'a'} {NOUNS[inner]}{_range(bounds)}"


def show(value: Any) -> str:
    """A value in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(show, value))}]"
    return repr(value) if isinstance(value, (int, float)) else str(value)


def optional(annotation: Any) -> bool:
    """Whether the annotation allows None."""
    return get_origin(annotation) in (Union, UnionType) and NoneType in get_args(annotation)


def without_none(annotation: Any) -> Any:
    """T of `T | None`; any other annotation as it is."""
    if not optional(annotation):
        return annotation
    (inner,) = (a for a in get_args(annotation) if a is not NoneType)
    return inner


def _typed(value: Any, annotation: Any) -> Any:
    """`value` in the annotation's type, or None if it is of another."""
    if get_origin(annotation) is Literal:
        same = (m for m in get_args(annotation) if m == value and type(m) is type(value))
        return next(same, None)
    if get_origin(annotation) is tuple:
        if not isinstance(value, (list, tuple)):
            return None
        read = tuple(_typed(v, get_args(annotation)[0]) for v in value)
        return None if None in read else read
    if annotation is float and type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return None
    return value if type(value) is annotation else None


def _within(value: Any, bounds: Mapping[str, Any]) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return all(HOLDS[name](value, bound) for name, bound in bounds.items())


def _range(bounds: Mapping[str, Any]) -> str:
    if set(bounds) == {"low", "high"}:
        return f" from {bounds['low']} to {bounds['high']}"
    words = " and ".join(f"{WORDS[name]} {bound}" for name, bound in bounds.items())
    return f" of {words}" if words.startswith("at ") else words and f" {words}"
