"""Mistakes in the fused head: what its gradient, made in the forward, forgets."""

from fbp.fused_head import fused_head
from fbp.proof.cases import fused_head as cases
from fbp.proof.cases.case import of_objective
from fbp.proof.mutants.mutant import Mutant, keeping


def without(name: str, weights=cases.weights, **changes) -> Mutant:
    """The gradient of other options, under the loss of the right ones."""
    options = cases.everything._replace(**changes)
    head = fused_head(cases.body, cases.VOCABULARY, options)
    return Mutant(name, "fused_head/everything", keeping(of_objective(head, cases.labels, weights)))


MUTANTS = (
    without("smoothing forgotten", label_smoothing=0.0),
    without("ignored labels learn", ignored_label=None),
    without("z-loss forgotten", z_loss=0.0),
    without("soft cap forgotten", soft_cap=None),
    without("weights forgotten", weights=None),
    without("sum for the mean", reduction="sum"),
)
