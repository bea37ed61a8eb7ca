"""What disagrees is not timed."""

import jax.numpy as jnp
import pytest

from fbp.lab.bench.contender import Contender
from fbp.lab.bench.measure import TOLERANCES, Disagreement, require_agreement

GRADIENT = {"weight": jnp.array([3.0, 4.0]), "bias": jnp.array([1e-3])}


def contender(loss=2.0, **changed) -> Contender:
    return Contender(lambda: (loss, GRADIENT | changed), lambda calls: 0.0)


def agree(other: Contender) -> None:
    require_agreement("case", {"fbp": contender(), "other": other}, TOLERANCES["float32"])


def test_rounding_is_no_disagreement():
    agree(contender(2.00001, weight=jnp.array([3.0, 4.0002])))


def test_another_loss():
    with pytest.raises(Disagreement, match=r"case case: the loss is 2\.0001 by other and 2 by fbp"):
        agree(contender(2.0001))


def test_another_gradient_of_a_small_leaf():
    with pytest.raises(Disagreement, match=r"other's gradient of bias is off fbp's by 1.0e-01"):
        agree(contender(bias=jnp.array([1.1e-3])))


def test_nan_is_a_disagreement():
    with pytest.raises(Disagreement, match="weight"):
        agree(contender(weight=jnp.array([3.0, jnp.nan])))
