"""All checks, in the order of what they cost.

DIFFERENCES hold the function's values against its rules.
RULE_CHECKS need only the rule: check(rule, sample). LAYER_CHECKS also need the layer, at other
dtypes, shapes and values: check(case, point, rule, sample).
"""

from fbp.proof.checks.autodiff import (
    autodiff_in_float64,
    autodiff_in_low_precision,
    dual_is_forward_and_jvp,
)
from fbp.proof.checks.differences import central_differences, taylor_remainders
from fbp.proof.checks.edges import few_examples, not_finite_stays_alone, special_values
from fbp.proof.checks.kinks import one_sided_slopes
from fbp.proof.checks.linear import adjoint_identity, linearity
from fbp.proof.checks.programs import (
    repeat_is_serial,
    signatures_are_stable,
    two_calls_are_identical,
    vmap_is_a_loop,
)
from fbp.proof.checks.trees import gradient_trees, residuals

DIFFERENCES = (central_differences, taylor_remainders)
RULE_CHECKS = (
    autodiff_in_float64,
    adjoint_identity,
    linearity,
    dual_is_forward_and_jvp,
    *DIFFERENCES,
)
LAYER_CHECKS = (
    special_values,
    not_finite_stays_alone,
    gradient_trees,
    residuals,
    signatures_are_stable,
    two_calls_are_identical,
    one_sided_slopes,
    autodiff_in_low_precision,
    few_examples,
    repeat_is_serial,
    vmap_is_a_loop,
)
