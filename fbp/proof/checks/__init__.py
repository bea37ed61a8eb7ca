"""The eight groups of checks; one concept a file."""

from fbp.proof.checks.groups import LAYER_CHECKS, RULE_CHECKS

__all__ = ["LAYER_CHECKS", "RULE_CHECKS"]
