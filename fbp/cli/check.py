"""`fbp check CONFIG`: the gradient of a configured model and loss, proved leaf by leaf.

`fbp check --all` proves every rule that fbp has; `fbp check --mutants` measures the proof itself.
"""

from __future__ import annotations

import dataclasses
import json

import jax
import jax.numpy as jnp

from fbp.build import build_objective
from fbp.cli import check_table
from fbp.cli.output import print_table
from fbp.cli.parser import ConfigParser
from fbp.compose.precision import cast
from fbp.config import read_config
from fbp.data import load
from fbp.gradients.sweep import flat
from fbp.objective import Batch
from fbp.proof.audit import AuditRow, audit_objective, failures
from fbp.proof.audit_table import audit_table, verdict

EXAMPLES = 16  # of the training split: enough for every rule, few enough to be quick
MOVE = 0.01  # standard deviation of what is added to every parameter


def run(argv: list[str]) -> int:
    """The command's exit code: 1 if a gradient is wrong, or a planted mistake is not noticed."""
    parser = ConfigParser(prog="fbp check", description=__doc__, needs_config=False)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--all", action="store_true", help="prove every layer, loss and model of fbp")
    what.add_argument("--mutants", action="store_true", help="count the planted mistakes it finds")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments, overrides = parser.parse(argv)
    whole_table = arguments.all or arguments.mutants
    if whole_table == (arguments.config is not None) or (whole_table and overrides):
        parser.error("give one of CONFIG, --all, --mutants")
    if arguments.all:
        return check_table.prove(arguments.json)
    if arguments.mutants:
        return check_table.score_mutants(arguments.json)
    rows = prove_config(arguments.config, overrides)
    if arguments.json:
        print(json.dumps({"rows": [as_json(r) for r in rows], "passed": not failures(rows)}))
    else:
        print_table(audit_table(rows))
        print(verdict(rows))
    return 1 if failures(rows) else 0


def prove_config(path: str, overrides: list[str]) -> list[AuditRow]:
    """The audit of the configured objective near its initial parameters, on its first examples.

    Where biases start at 0, what is blank in an image is on the kink of relu, where neither
    autodiff nor a difference has to agree with the convention of a rule: so all are moved a little.
    """
    config = read_config(path, overrides)
    exact = dataclasses.replace(config.train, param_dtype="float64", compute_dtype="float64")
    config = dataclasses.replace(config, train=exact)
    dataset = load(config.data)
    inputs, targets = dataset.train.inputs[:EXAMPLES], dataset.train.targets[:EXAMPLES]
    with jax.enable_x64(True):
        inputs = cast(jnp.asarray(inputs), jnp.float64)
        _, _, objective = build_objective(config, len(dataset.classes))
        shape = jax.ShapeDtypeStruct(inputs.shape, inputs.dtype)
        init_key, move_key = jax.random.split(jax.random.key(config.seed))
        params, state = objective.init(init_key, shape)
        vector, unflatten = flat(params)
        params = unflatten(vector + MOVE * jax.random.normal(move_key, vector.shape, vector.dtype))
        return audit_objective(objective, params, state, Batch(inputs, jnp.asarray(targets)))


def as_json(row: AuditRow) -> dict:
    """One row as plain data."""
    return {
        "path": row.path,
        "shape": list(row.shape),
        **row.errors._asdict(),
        "passed": row.passed,
    }
