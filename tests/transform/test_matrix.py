"""Every transformation of every row: right, and run by the hand-written rule that it should."""

import jax
import pytest

from fbp import remat, repeat, residual, serial
from fbp.layers import batch_norm, dense, dropout, embedding, relu
from fbp.losses import softmax_cross_entropy
from fbp.proof.cases.case import Case, integers, normal, of_loss
from tests.cases import CASES
from tests.transform.planted import error, functions, truth
from tests.transform.transformations import TRANSFORMATIONS

# None params, integer input, a loss, and the rest in one: statistics, a boolean residual, a scan,
# and a key among the residuals.
FEW = (
    Case("no bias", dense(3, use_bias=False), normal(4, 2)),
    Case("integers", embedding(4, 3, padding_id=0), integers(2, 5, high=4)),
    Case("loss", of_loss(softmax_cross_entropy(), jax.numpy.array([0, 2])), normal(2, 3)),
    Case(
        "net",
        serial(
            dense(2, use_bias=False),
            batch_norm(),
            repeat(residual(relu()), 2),
            remat(dropout(0.3)),
        ),
        normal(4, 2),
    ),
)
# Second derivatives need memory that grows with the square of a row.
SHORT = [case for case in CASES if not case.name.endswith("/long")]
# The programs are large and run once: compiling is all that costs.
QUICKLY = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
}


@pytest.mark.parametrize(
    "case",
    [*FEW, *(pytest.param(case, marks=pytest.mark.slow, id=case.name) for case in SHORT)],
    ids=lambda case: case.name,
)
def test_every_transformation_is_right_and_runs_its_rule(case, x64):
    point, wrong, plain = functions(case)

    def evaluate(point):
        return truth(plain, point), [t.run(wrong, point) for t in TRANSFORMATIONS]

    true, found = jax.jit(evaluate, compiler_options=QUICKLY)(point)
    errors = {
        t.run.__name__: error(f, jax.tree.map(lambda a, k=t.factor: k * a, t.expected(true, point)))
        for t, f in zip(TRANSFORMATIONS, found, strict=True)
    }
    assert {name: e for name, e in errors.items() if not e < 1e-10} == {}
