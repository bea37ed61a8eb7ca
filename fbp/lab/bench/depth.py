"""The same net at several depths: whether compile time grows, and step time as depth does."""

from __future__ import annotations

from dataclasses import replace

from fbp.config.schema import Gpt
from fbp.errors import FbpError
from fbp.lab.bench.case import Case
from fbp.lab.bench.contender import Contender
from fbp.lab.bench.point import objective_of, point_of
from fbp.lab.bench.steps import step_contenders


def depth_contenders(case: Case) -> dict[int, dict[str, Contender]]:
    """fbp's and autodiff's steps by depth, the deepest first. Raises FbpError for another model."""
    if not isinstance(case.model, Gpt):
        raise FbpError(f'kind = "depth" is for model.name = "gpt", got "{case.model.name}"')
    found = {}
    for depth in sorted(case.bench.depths, reverse=True):
        deep = replace(case, model=replace(case.model, depth=depth))
        objective = objective_of(deep)
        every = step_contenders(deep, objective, point_of(deep, objective))
        found[depth] = {name: every[name] for name in ("fbp", "autodiff")}
    return found
