"""The score counts what is planted; the proof kills it all and the peers pass what is right."""

import jax
import jax.numpy as jnp
import pytest

from fbp.layers import dense, relu
from fbp.proof.cases.case import Case, normal
from fbp.proof.cases.table import CASES
from fbp.proof.mutants.mutant import Mutant, after_vjp
from fbp.proof.mutants.table import MUTANTS
from fbp.proof.score import Verdict, score, verdicts_on_case


def test_a_survivor_is_named():
    total = score(
        [
            Verdict("a", None, None, False, True),
            Verdict("a", "sign", "vjp = autodiff", True, False),
            Verdict("a", "nothing", None, False, False),
        ]
    )
    assert total._asdict() == {
        "mutants": 2,
        "killed": 1,
        "survivors": ["a: nothing"],
        "check_grads_killed": 1,
        "chex_killed": 0,
        "right": 1,
        "check_grads_passed": 1,
        "chex_passed": 0,
    }


def test_dense_has_no_survivor_but_a_mutant_that_changes_nothing():
    case = Case("dense", dense(3), normal(4, 2))
    harmless = Mutant("harmless", "dense", after_vjp(lambda dparams, dx: (dparams, dx)))
    verdicts = list(verdicts_on_case(case, [harmless]))
    total = score(verdicts)
    assert total.survivors == ["dense: harmless"]
    assert total.mutants > 15
    assert total.right == total.check_grads_passed == total.chex_passed == 2
    assert total.chex_killed < total.check_grads_killed < total.killed


def test_a_map_that_is_zero_has_no_wrong_sign():
    case = Case("dead", relu(), lambda key, dtype: -jnp.ones((2, 2), dtype))
    assert score(verdicts_on_case(case, [])).mutants == 0


def test_every_mutant_belongs_to_a_row_and_there_are_enough():
    assert {m.case for m in MUTANTS} <= {c.name for c in CASES}
    assert len({(m.case, m.name) for m in MUTANTS}) == len(MUTANTS) >= 60


def test_sums_in_bfloat16_are_caught_in_bfloat16_alone():
    (case,) = (c for c in CASES if c.name == "dense/long")
    verdicts = verdicts_on_case(case, [m for m in MUTANTS if m.case == case.name])
    sums = [v for v in verdicts if v.mistake and "accumulated in bfloat16" in v.mistake]
    assert len(sums) == 2
    assert {v.killed_by for v in sums} == {"bfloat16 vjp = autodiff"}


ROWS = [c for c in CASES if any(m.case == c.name for m in MUTANTS)]


@pytest.mark.slow
@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_planted_mistakes_are_caught(case):
    with jax.enable_x64(False):
        total = score(verdicts_on_case(case, [m for m in MUTANTS if m.case == case.name]))
    assert total.mutants > 0
    assert total.survivors == []
