"""Every row of the table through every check: a new layer is one new row, and is proved here.

Besides, shapes, dtypes and seeds that nobody chose, for the layers that are cheap to compile.
"""

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbp.layers import dense, gelu, maxout, silu, softmax, softplus, tanh
from fbp.losses import mean_squared, softmax_cross_entropy
from fbp.proof.cases.case import Case, normal, of_loss
from fbp.proof.checks.autodiff import autodiff_in_float64, autodiff_in_low_precision
from fbp.proof.checks.linear import adjoint_identity
from fbp.proof.checks.programs import jit_is_eager
from fbp.proof.point import draw, rule_at
from fbp.proof.prove import prove_case
from fbp.proof.rule import autodiff, compiled
from fbp.proof.sample import sample
from tests.cases import CASES


def test_names_are_unique():
    names = [case.name for case in CASES]
    assert sorted(set(names)) == sorted(names)


# Whole models and blocks take the compiler longest; their layers are proved in every run.
WHOLE = ("gpt", "vit", "char_lstm", "transformer_block", "basic_block", "bottleneck", "lenet")
ROWS = [
    pytest.param(case, id=case.name, marks=[pytest.mark.slow] * case.name.startswith(WHOLE))
    for case in CASES
]


def is_first(case: Case) -> bool:
    """Whether this is its layer's first row; the others run eagerly among the slow tests."""
    return "/" not in case.name


@pytest.mark.parametrize("case", ROWS)
def test_rules(case: Case):
    report = prove_case(case, eager=is_first(case))
    assert len(report.findings) > 40
    assert not report.failures, "\n".join(map(str, report.failures))


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [case for case in CASES if not is_first(case)], ids=lambda case: case.name
)
def test_jit_is_eager(case: Case, x64):
    point = draw(case)
    plain = rule_at(case.layer, point)
    rule = compiled(plain)
    found = list(jit_is_eager(case, point, rule, sample(rule, None)))
    assert len(found) > 1
    assert [str(f) for f in found if not f.passed] == []


def of_features(make):
    """A layer whose number of outputs is drawn too."""
    return st.integers(1, 5).map(make)


LAYERS = st.one_of(
    of_features(dense),
    of_features(lambda n: dense(n, use_bias=False)),
    of_features(maxout),
    st.sampled_from([tanh(), gelu(), silu(), softplus(), softmax()]),
)
LOSSES = st.sampled_from([mean_squared("sum"), softmax_cross_entropy("none", label_smoothing=0.1)])
SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)
FEW = settings(max_examples=8, deadline=None, derandomize=True, database=None)


def prove_quickly(layer, shape, scale, low_precision, seed):
    """Both rules against autodiff, and the adjoint identity, at a point of this seed."""
    case = Case("drawn", layer, normal(*shape, scale=scale), low_precision=low_precision)
    with jax.enable_x64(True):
        point = draw(case, seed)
        plain = rule_at(layer, point)
        rule = compiled(plain)
        s = sample(rule, autodiff(plain))
        found = [
            *autodiff_in_float64(rule, s),
            *adjoint_identity(rule, s),
            *autodiff_in_low_precision(case, point, rule, s),
        ]
    assert [str(f) for f in found if not f.passed] == []


@FEW
@given(LAYERS, SHAPES, st.sampled_from([0.1, 1.0, 3.0]), st.integers(0, 2**31 - 1))
def test_drawn_layers(layer, shape, scale, seed):
    low = ("float32",) if layer.name.startswith("maxout") else ("float32", "bfloat16")
    prove_quickly(layer, shape, scale, low, seed)


@FEW
@given(LOSSES, SHAPES, st.integers(1, 4), st.integers(0, 2**31 - 1))
def test_drawn_losses(loss, batch, classes, seed):
    targets = jnp.arange(jnp.zeros(batch).size).reshape(batch) % classes
    prove_quickly(of_loss(loss, targets), (*batch, classes), 2.0, ("float32",), seed)
