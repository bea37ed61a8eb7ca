"""The eight groups of checks; one concept a file."""

from fbp.proof.checks.groups import DIFFERENCES, LAYER_CHECKS, RULE_CHECKS

__all__ = ["DIFFERENCES", "LAYER_CHECKS", "RULE_CHECKS"]
