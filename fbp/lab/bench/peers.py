"""Contenders in processes of their own."""

from __future__ import annotations

from contextlib import ExitStack

from fbp.lab.bench.case import Case
from fbp.lab.bench.contender import Contender
from fbp.lab.bench.point import Point


def peer_contenders(
    stack: ExitStack, name: str, case: Case, point: Point
) -> tuple[dict[str, Contender], dict[str, str]]:
    return {}, {}
