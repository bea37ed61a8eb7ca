"""Peers compute what we compute, and one that does not is noticed."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.gradients import gradient
from fbp.lab.bench.case import read_case
from fbp.lab.bench.contender import Contender
from fbp.lab.bench.measure import TOLERANCES, Disagreement, require_agreement
from fbp.lab.bench.peer import PEERS, SCRIPTS, Peer, PeerError, available
from fbp.lab.bench.point import objective_of, point_of
from fbp.lab.bench.steps import optimizer_of

CASES = {path.stem: read_case(path) for path in sorted(Path("configs/bench").glob("*.toml"))}
# In float64, a case that computes in bfloat16 is the same as the one that does not.
SLOW = [
    (peer, name)
    for name, case in CASES.items()
    for peer in case.bench.peers
    if not peer.startswith("numpy") and case.train.compute_dtype == "float32"
]
FAKE = """
import json, sys
from pathlib import Path
import numpy as np
folder = Path(sys.argv[1])
given = np.load(folder / "case.npz")
answer = {}
for name in given.files:
    if name.startswith("params/"):
        path = name.removeprefix("params/")
        answer |= {f"gradient/{path}": given[name], f"stepped/{path}": given[name]}
"""
READY = 'print(json.dumps({"loss": 1.0, "start_seconds": 0.0, "rss_bytes": 1}), flush=True)'


def changed(case, **bench):
    return dataclasses.replace(case, bench=dataclasses.replace(case.bench, **bench))


def compared(case, name, point):
    """Ours and the peer's as the benchmark has them, and the peer's parameters after one call."""
    found = jax.jit(gradient(objective_of(case), "backprop"))(*point)
    with Peer(name, case, point.params, point.batch, os.cpu_count() or 1) as peer:
        contenders = {
            "fbp": Contender(lambda: (found.loss, found.grads), peer.clock),
            name: Contender(lambda: (peer.loss, peer.gradient), peer.clock),
        }
        return contenders, peer.stepped, peer.clock(2)


def after(case, point, steps):
    """Our parameters after so many steps."""
    optimizer, grad_fn = optimizer_of(case), gradient(objective_of(case), "backprop")

    @jax.jit
    def step(params, opt_state):
        grads = grad_fn(params, *point[1:]).grads
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return jax.tree.map(jnp.add, params, updates), opt_state

    params, opt_state = point.params, optimizer.init(point.params)
    for _ in range(steps):
        params, opt_state = step(params, opt_state)
    return params


def moves(stepped, wanted, start):
    """Each leaf's distance to where it should be, over how far it should have moved."""

    def relative(s, w, p):
        s, w, p = (np.asarray(a, np.float64) for a in (s, w, p))
        return float(np.linalg.norm(s - w) / np.linalg.norm(w - p))

    return max(jax.tree.leaves(jax.tree.map(relative, stepped, wanted, start)))


@pytest.mark.parametrize("name", ["numpy", "numpy_per_example"])
def test_numpy_computes_our_gradient_and_our_steps(name):
    case = changed(CASES["nielsen"], scan=3)
    point = point_of(case, objective_of(case))
    contenders, stepped, seconds = compared(case, name, point)
    require_agreement("nielsen", contenders, TOLERANCES["float32"])
    assert moves(stepped, after(case, point, 3), point.params) < 1e-4
    assert 0 < seconds < 1


def in_double(point):
    def double(a):
        return a.astype(jnp.float64) if a.dtype == jnp.float32 else a

    params, state, batch = jax.tree.map(double, point[:3])
    return point._replace(params=params, state=state, batch=batch)


@pytest.mark.slow  # minutes: every peer of every case in a process of its own, compiled there
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("name", "stem"), SLOW)
def test_peers_compute_our_gradient_and_our_steps(name, stem):
    """In float64, where no relu's input is so near 0 that rounding decides its gradient.

    jax.nn.dot_product_attention sums in float32 all the same, and a bias of keys has the gradient
    0, which adam's eps must outweigh.
    """
    if reason := available(name):
        pytest.skip(reason)
    case = CASES[stem]
    # PyTorch's LSTM has two biases: from the second step on, their sum goes another way.
    steps = 1 if case.model.name == "char_lstm" else 3
    visible = {"learning_rate": 0.01, "eps": 1e-3, "weight_decay": 0.5}
    options = {k: v for k, v in visible.items() if hasattr(case.optimizer, k)}
    optimizer = dataclasses.replace(case.optimizer, **options)
    case = dataclasses.replace(changed(case, scan=steps), optimizer=optimizer)
    point = point_of(case, objective_of(case))
    with jax.enable_x64(True):
        point = in_double(point)
        contenders, stepped, _ = compared(case, name, point)
        require_agreement(stem, contenders, (1e-7, 1e-6))
        assert moves(stepped, after(case, point, steps), point.params) < 1e-4


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Makes a script the peer `numpy`, and gives the case and point to run it on."""
    case = changed(CASES["nielsen"], inputs=(3,), scan=1)
    monkeypatch.chdir(tmp_path)
    SCRIPTS.mkdir(parents=True)

    def write(script):
        (SCRIPTS / PEERS["numpy"].file).write_text(script)
        return case, point_of(case, objective_of(case))

    return write


def pretended(case, point):
    """Contenders of which the first claims that the gradient is the parameters themselves."""
    with Peer("numpy", case, point.params, point.batch, 1) as peer:
        return {
            "fbp": Contender(lambda: (1.0, point.params), peer.clock),
            "numpy": Contender(lambda: (peer.loss, peer.gradient), peer.clock),
        }


def test_a_wrong_gradient_is_named(fake):
    save = 'np.savez(folder / "answer.npz", **answer)\n'
    right = pretended(*fake(FAKE + save + READY))
    require_agreement("fake", right, TOLERANCES["float32"])
    wrong = 'answer["gradient/output.weight"] = answer["gradient/output.weight"] * 1.001\n'
    contenders = pretended(*fake(FAKE + wrong + save + READY))
    with pytest.raises(Disagreement, match=r"numpy's gradient of output\.weight is off"):
        require_agreement("fake", contenders, TOLERANCES["float32"])


@pytest.mark.parametrize("said", ["before it is ready", "when it is asked"])
def test_a_peer_that_stops_says_why(fake, said):
    crash = 'input()\nraise ValueError("out of luck")\n'
    if said == "before it is ready":
        crash = crash.removeprefix("input()\n")
    else:
        crash = f'np.savez(folder / "answer.npz", **answer)\n{READY}\n{crash}'
    case, point = fake(FAKE + crash)
    with (
        pytest.raises(PeerError, match=r"^peer numpy stopped .* 1: ValueError: out of luck$"),
        Peer("numpy", case, point.params, point.batch, 1) as peer,
    ):
        peer.clock(1)


def test_a_case_without_a_net_is_refused_by_the_peer():
    case = CASES["lstm"]
    point = point_of(case, objective_of(case))
    with pytest.raises(PeerError, match=r"numpy_peer\.py has no net for this case: .*char_lstm"):
        Peer("numpy", case, point.params, point.batch, 1)


def test_what_is_missing_is_said_before_it_starts(tmp_path, monkeypatch):
    assert available("numpy") is None
    monkeypatch.setitem(PEERS, "torch_eager", PEERS["torch_eager"]._replace(module="no_such"))
    assert available("torch_eager") == "no_such is not installed: python -m pip install '.[peers]'"
    monkeypatch.chdir(tmp_path)
    assert "run from the project's folder" in str(available("numpy"))
    with pytest.raises(PeerError, match=r"unknown peer 'tensorflow'; there are torch_eager, "):
        available("tensorflow")
