"""The audit passes right rules and names the leaf of a wrong one."""

import jax
import jax.numpy as jnp
import pytest

from fbp import Batch, in_dtype, serial
from fbp.layers import dense, dropout, tanh
from fbp.losses import softmax_cross_entropy
from fbp.proof.audit import audit, failures

INPUTS = jax.random.normal(jax.random.key(1), (6, 4))
TARGETS = jnp.arange(6) % 3


def audit_of(net):
    params, state = net.init(jax.random.key(0), jax.ShapeDtypeStruct((6, 4), jnp.float32))
    return audit(net, softmax_cross_entropy(), params, state, Batch(INPUTS, TARGETS))


def dense_with(vjp=None, jvp=None):
    """dense(5), one of whose rules is changed by a function of what the right rule gives."""
    layer = dense(5)
    return layer._replace(
        vjp=layer.vjp if vjp is None else lambda p, res, dy: vjp(*layer.vjp(p, res, dy)),
        jvp=layer.jvp if jvp is None else lambda *args: jvp(layer.jvp(*args)),
    )


def test_right_rules_pass_with_one_row_for_each_leaf():
    rows = audit_of(serial(hidden=dense(5), act=tanh(), drop=dropout(0.3), out=dense(3)))
    assert [r.path for r in rows] == ["hidden/weight", "hidden/bias", "out/weight", "out/bias"]
    assert [r.shape for r in rows] == [(4, 5), (5,), (5, 3), (3,)]
    assert not failures(rows)


def test_a_net_in_low_precision_is_audited_in_float64():
    assert not failures(audit_of(in_dtype(serial(dense(5), tanh(), dense(3)), "bfloat16")))


@pytest.mark.parametrize(
    ("mutant", "wrong"),
    [
        (dense_with(vjp=lambda dp, dx: (dp._replace(weight=-dp.weight), dx)), ["0/weight"]),
        (dense_with(vjp=lambda dp, dx: (dp._replace(bias=1.01 * dp.bias), dx)), ["0/bias"]),
        (dense_with(vjp=lambda dp, dx: (dp._replace(bias=0 * dp.bias), dx)), ["0/bias"]),
        (dense_with(jvp=lambda ty: 1.01 * ty), ["0/weight", "0/bias"]),
    ],
)
def test_a_wrong_rule_fails_at_its_leaf(mutant, wrong):
    assert [r.path for r in failures(audit_of(serial(mutant, tanh(), dense(3))))] == wrong


def test_nan_never_passes():
    mutant = dense_with(vjp=lambda dp, dx: (dp._replace(bias=jnp.nan * dp.bias), dx))
    assert [r.path for r in failures(audit_of(mutant))] == ["bias"]
