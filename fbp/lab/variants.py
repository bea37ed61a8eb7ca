"""The gradient modes as a comparison runs them."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple, get_args

from fbp.config import schema

DIRECTION_BYTES = 2**28  # what a chunk of float32 directions may take


class Variant(NamedTuple):
    """A gradient mode with its options, and how many sweeps through the net it takes."""

    name: str
    mode: str
    options: dict[str, Any]
    passes_a_parameter: int
    more_passes: int

    def passes(self, parameters: int) -> int:
        """Sweeps through the net, forward or backward, for so many parameters."""
        return self.passes_a_parameter * parameters + self.more_passes


def variants(configured: schema.Gradient, parameters: int) -> list[Variant]:
    """Every mode, finite differences in both schemes; `configured` sets the options of its mode,
    the others have their defaults. A chunk of directions takes at most DIRECTION_BYTES."""
    sections = {section.mode: section for section in (s() for s in get_args(schema.Gradient))}
    sections[configured.mode] = configured

    def variant(name: str, mode: str, a_parameter: int, more: int = 0, **fixed: Any) -> Variant:
        options = dataclasses.asdict(sections[mode]) | fixed
        del options["mode"]
        if "chunk" in options:
            options["chunk"] = max(1, min(options["chunk"], DIRECTION_BYTES // (4 * parameters)))
        return Variant(name, mode, options, a_parameter, more)

    tangents = sections["forward_gradient"].tangents
    draws = sections["spsa"].draws
    return [
        variant("backprop", "backprop", 0, 2),
        variant("autodiff", "autodiff", 0, 2),
        variant("forward", "forward", 1),
        variant("forward_autodiff", "forward_autodiff", 1),
        variant("finite_difference", "finite_difference", 2, scheme="central"),
        variant("finite_difference_one_sided", "finite_difference", 1, 1, scheme="one_sided"),
        variant("forward_gradient", "forward_gradient", 0, tangents),
        variant("spsa", "spsa", 0, 2 * draws),
    ]
