"""A case's contenders in processes of their own."""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import partial
from typing import Any

from fbp.lab.bench.case import Case
from fbp.lab.bench.contender import Contender
from fbp.lab.bench.peer import Peer, available
from fbp.lab.bench.point import Point


def peer_contenders(
    stack: ExitStack, case: Case, point: Point
) -> tuple[dict[str, Contender], dict[str, str]]:
    """The peers that the case names, running until `stack` closes; and why others do not run."""
    contenders, missing = {}, {}
    for name in case.bench.peers:
        reason = available(name)
        if reason is not None:
            missing[name] = reason
            continue
        threads = os.cpu_count() or 1
        peer = stack.enter_context(Peer(name, case, point.params, point.batch, threads))
        contenders[name] = Contender(
            partial(_evaluation, peer),
            peer.clock,
            compile_seconds=peer.start_seconds,
            rss_bytes=peer.rss_bytes,
        )
    return contenders, missing


def _evaluation(peer: Peer) -> tuple[Any, Any]:
    return peer.loss, peer.gradient
