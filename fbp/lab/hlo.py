"""Floating-point operations of a compiled program, counted in its optimised HLO text.

XLA's own `cost_analysis` counts the body of a loop once. The optimised text says how often each
loop runs, and it is what really executes: dead code is gone, constants are folded, and what does
not change in a loop has moved out of it. A loop whose trip count is not known when compiling
(`lax.while_loop` on data) counts once; of the branches of a conditional the dearest counts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

# One per output element, as the roofline literature counts, transcendental or not.
ELEMENTWISE = frozenset({
    "abs", "add", "atan2", "cbrt", "ceil", "clamp", "cosine", "divide", "erf", "exponential",
    "exponential-minus-one", "floor", "log", "log-plus-one", "logistic", "maximum", "minimum",
    "multiply", "negate", "power", "remainder", "round-nearest-afz", "round-nearest-even",
    "rsqrt", "sign", "sine", "sqrt", "subtract", "tan", "tanh",
})  # fmt: skip

_HEADER = re.compile(r"^(?P<entry>ENTRY )?%?(?P<name>[\w.\-]+) \(.*\{$")
_INSTRUCTION = re.compile(
    r"^\s+(?:ROOT )?%?(?P<name>[\w.\-]+) = (?P<type>\(.*?\)|\S+) (?P<op>[\w\-]+)"
    r"\((?P<operands>[^)]*)\)(?P<attributes>.*)$"
)
_SHAPE = re.compile(r"([a-z]\w*)\[([\d,]*)\]")


class Instruction(NamedTuple):
    """One line of HLO. type: e.g. f32[8,64]{1,0}, or a tuple of such."""

    name: str
    type: str
    op: str
    operands: tuple[str, ...]
    attributes: str

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result, or of its first part."""
        return _shape(self.type)

    @property
    def is_floating(self) -> bool:
        """Whether the result is of a real or complex floating type."""
        found = _SHAPE.search(self.type)
        return found is not None and found[1].startswith(("f", "bf", "c"))

    def attribute(self, name: str) -> str | None:
        """The value in `name={value}` or `name=value`."""
        found = re.search(rf"\b{name}=(\{{[^}}]*\}}|[^,\s]+)", self.attributes)
        return None if found is None else found[1].strip("{}")


def count_flops(text: str) -> int:
    """FLOPs of a program from `compiled.as_text()`."""
    entry, computations = _parse(text)

    @cache
    def cost(name: str) -> int:
        instructions = computations[name]
        shape = {i.name: i.shape for i in instructions}
        return sum(_instruction_flops(i, shape, cost) for i in instructions)

    return cost(entry)


def _instruction_flops(
    i: Instruction, shape: dict[str, tuple[int, ...]], cost: Callable[[str], int]
) -> int:
    size = math.prod(i.shape)

    def called(attribute: str) -> int:
        names = i.attribute(attribute)
        return 0 if names is None else max(cost(n.strip(" %")) for n in names.split(","))

    if i.op in ELEMENTWISE:
        return size if i.is_floating else 0
    match i.op:
        case "dot":
            lhs = shape[i.operands[0]]
            return (
                2 * size * math.prod(lhs[d] for d in _integers(i.attribute("lhs_contracting_dims")))
            )
        case "convolution":
            return 2 * _convolution_products(i, *(shape[o] for o in i.operands))
        case "reduce":
            return (math.prod(shape[i.operands[0]]) - size) * called("to_apply")
        case "reduce-window":
            return size * (math.prod(_window(i).sizes) - 1) * called("to_apply")
        case "select-and-scatter":
            source = math.prod(shape[i.operands[1]])
            per_window = (math.prod(_window(i).sizes) - 1) * called("select")
            return source * (per_window + called("scatter"))
        case "scatter":
            return math.prod(shape[i.operands[-1]]) * called("to_apply")
        case "map":
            return size * called("to_apply")
        case "fusion":
            return called("calls")
        case "call":
            return called("to_apply")
        case "while":
            found = re.search(r'"known_trip_count":\{"n":"(\d+)"\}', i.attributes)
            trips = int(found[1]) if found else 1
            return trips * (called("body") + called("condition"))
        case "conditional":
            branches = ("branch_computations", "true_computation", "false_computation")
            return max(called(b) for b in branches)
    return 0


class Window(NamedTuple):
    """A sliding window, one entry an axis."""

    sizes: list[int]
    stride: list[int]
    pad: list[tuple[int, int]]
    lhs_dilate: list[int]
    rhs_dilate: list[int]


def _window(i: Instruction) -> Window:
    fields = dict(f.split("=") for f in (i.attribute("window") or "").split())
    sizes = [int(n) for n in fields.get("size", "").split("x") if n]

    def of(name: str) -> list[int]:
        return [int(n) for n in fields[name].split("x")] if name in fields else [1] * len(sizes)

    pads = fields.get("pad", "x".join(["0_0"] * len(sizes)))
    pad = [(int(p.split("_")[0]), int(p.split("_")[1])) for p in pads.split("x") if p]
    return Window(sizes, of("stride"), pad, of("lhs_dilate"), of("rhs_dilate"))


def _convolution_products(i: Instruction, lhs: tuple[int, ...], rhs: tuple[int, ...]) -> int:
    """Multiplications of a convolution; products with padding and with dilation's zeros are none.

    dim_labels such as b01f_01io->b01f name the axes of lhs, rhs and result.
    """
    labels, _, out_labels = (i.attribute("dim_labels") or "").partition("->")
    lhs_labels, _, rhs_labels = labels.partition("_")
    window = _window(i)
    products = rhs[rhs_labels.index("i")] if "i" in rhs_labels else 1
    products *= i.shape[out_labels.index("b")] * i.shape[out_labels.index("f")]
    for axis, size in enumerate(window.sizes):
        base = lhs[lhs_labels.index(str(axis))]
        out = i.shape[out_labels.index(str(axis))]
        positions = (
            o * window.stride[axis] + k * window.rhs_dilate[axis] - window.pad[axis][0]
            for o in range(out)
            for k in range(size)
        )
        dilate = window.lhs_dilate[axis]
        products *= sum(0 <= p < dilate * base and p % dilate == 0 for p in positions)
    return products


def _parse(text: str) -> tuple[str, dict[str, list[Instruction]]]:
    """(name of the entry computation, instructions of every computation)."""
    computations: dict[str, list[Instruction]] = {}
    entry = current = ""
    for line in text.splitlines():
        if header := _HEADER.match(line):
            current = header["name"]
            computations[current] = []
            entry = current if header["entry"] else entry
        elif current and (found := _INSTRUCTION.match(line)):
            operands = tuple(re.findall(r"%([\w.\-]+)", found["operands"]))
            computations[current].append(
                Instruction(
                    found["name"], found["type"], found["op"], operands, found["attributes"]
                )
            )
    return entry, computations


def _shape(type_: str) -> tuple[int, ...]:
    found = _SHAPE.search(type_)
    return tuple(_integers(found[2])) if found else ()


def _integers(text: str | None) -> list[int]:
    return [int(n) for n in (text or "").split(",") if n]
