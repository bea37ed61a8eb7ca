"""Mistakes that can be made in any rule, as changes of what a right rule gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from fbp.proof.mutants.mutant import Which
from fbp.proof.rule import Arrays, Rule
from fbp.proof.sample import Sample
from fbp.proof.vectors import largest, wide

GenericMutant = tuple[str, Which, Callable[[Rule], Rule]]  # name, rule, what makes the mistake


def generic_mutants(rule: Rule, s: Sample) -> Iterator[GenericMutant]:
    """Every generic mistake that is one in this rule; a map that is zero has no wrong sign."""
    yield from _of_vjp(rule, s)
    yield from _of_jvp(rule, s)


def _of_vjp(rule: Rule, s: Sample) -> Iterator[GenericMutant]:
    leaves = [i for i, d in enumerate(wide(s.dargs)) if largest(d)]
    if not leaves:
        return
    yield "sign of the vjp", "vjp", _pulled(lambda d: tuple(-a for a in d))
    yield "vjp times 1.01", "vjp", _pulled(lambda d: tuple(1.01 * a for a in d))
    yield "cotangent assumed ones", "vjp", _cotangent(np.ones_like)
    for i in leaves:
        name, d = rule.names[i], wide(s.dargs)[i]
        peak = np.unravel_index(np.argmax(np.abs(d)), d.shape)
        yield f"sign of {name}", "vjp", _leaf(i, np.negative)
        yield f"{name} zero", "vjp", _leaf(i, np.zeros_like)
        if d.size > 1:
            yield f"one element of {name} zero", "vjp", _leaf(i, _zero_at(peak))
        if d.ndim >= 2 and min(d.shape[-2:]) > 1:
            yield f"{name} transposed", "vjp", _leaf(i, _transposed)
        if d.ndim and d.shape[0] > 1 and largest(d[-1]):
            yield f"last row of {name} dropped", "vjp", _leaf(i, _zero_at(-1))
    batch = _batch(s)
    params = [i for i in leaves if not rule.names[i].startswith("x")]
    if batch > 1 and params:
        yield (
            "mean over the batch for a sum",
            "vjp",
            _pulled(lambda d: tuple(a / batch if i in params else a for i, a in enumerate(d))),
        )
        yield "gradient of the first example only", "vjp", _cotangent(_first_example)


def _of_jvp(rule: Rule, s: Sample) -> Iterator[GenericMutant]:
    tangents = wide(s.tys)
    if not any(map(largest, tangents)):
        return
    yield "sign of the jvp", "jvp", _pushed(lambda t: tuple(-a for a in t))
    yield "jvp times 1.01", "jvp", _pushed(lambda t: tuple(1.01 * a for a in t))
    peak = np.unravel_index(np.argmax(np.abs(tangents[0])), tangents[0].shape)
    if tangents[0].size > 1:
        change = _zero_at(peak)
        yield "one tangent zero", "jvp", _pushed(lambda t: (change(t[0]), *t[1:]))
    for i, name in enumerate(rule.names):
        if largest(wide(s.dargs)[i]):
            yield f"jvp without {name}", "jvp", _tangent(i)


def _pulled(change: Callable[[Arrays], Arrays]) -> Callable[[Rule], Rule]:
    def mistake(rule):
        return rule._replace(pull=lambda args, dys: change(_numpy(rule.pull(args, dys))))

    return mistake


def _pushed(change: Callable[[Arrays], Arrays]) -> Callable[[Rule], Rule]:
    def mistake(rule):
        def push(args, targs):
            return change(_numpy(rule.push(args, targs)))

        return rule._replace(push=push, dual=None)

    return mistake


def _leaf(i: int, change: Callable) -> Callable[[Rule], Rule]:
    return _pulled(lambda d: tuple(change(a) if j == i else a for j, a in enumerate(d)))


def _cotangent(change: Callable) -> Callable[[Rule], Rule]:
    def mistake(rule):
        return rule._replace(
            pull=lambda args, dys: rule.pull(args, tuple(change(np.asarray(d)) for d in dys))
        )

    return mistake


def _tangent(i: int) -> Callable[[Rule], Rule]:
    def mistake(rule):
        def push(args, targs):
            without = (np.zeros_like(t) if j == i else t for j, t in enumerate(targs))
            return rule.push(args, tuple(without))

        return rule._replace(push=push, dual=None)

    return mistake


def _numpy(arrays: Arrays) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(a) for a in arrays)


def _zero_at(index) -> Callable[[np.ndarray], np.ndarray]:
    def change(a):
        changed = np.array(a)
        changed[index] = 0
        return changed

    return change


def _transposed(a: np.ndarray) -> np.ndarray:
    return np.swapaxes(a, -1, -2).reshape(a.shape)


def _first_example(d: np.ndarray) -> np.ndarray:
    return np.where(np.arange(len(d)).reshape(-1, *[1] * (d.ndim - 1)) == 0, d, 0).astype(d.dtype)


def _batch(s: Sample) -> int:
    """The length of the axis that all outputs share first, if it is more than features."""
    return min((y.shape[0] if y.ndim > 1 else 1 for y in s.ys), default=1)
