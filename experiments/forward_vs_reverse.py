"""Why gradients are taken in reverse: the classic argument, measured.

1. The gradient of one loss against the number of parameters n: in reverse (one pass back), forward
   (n passes) and numerically (n + 1 passes).
2. The Jacobian against the number of outputs and of inputs: jacfwd takes a pass an input, jacrev a
   pass an output.
3. The cheap-gradient principle: a gradient costs a small multiple of its loss, whatever the net.
"""

from __future__ import annotations

import json
from pathlib import Path

import jax.numpy as jnp
import tyro
from rich.console import Console

from fbp import Batch, layers, losses, supervised
from fbp.config.schema import Digits
from fbp.data import load
from fbp.lab import plots
from fbp.lab.scaling import cheap_gradient, gradient_costs, jacobian_costs
from fbp.lab.tables import cheap_table, cost_table
from fbp.models import maxout_net, mlp

NETS = {
    "linear": mlp([], 10),
    "narrow": mlp([16], 10, activation=layers.sigmoid),
    "wide": mlp([1024], 10),
    "deep": mlp([128] * 8, 10, activation=layers.gelu),
    "maxout": maxout_net([128, 128], 10, pieces=4),
}


def main(
    batch_size: int = 128, out: Path = Path("runs/forward_vs_reverse"), smoke: bool = False
) -> None:
    """Writes four tables, results.json and three PNGs; --smoke is a tiny version."""
    widths = (1,) if smoke else (1, 2, 4, 8, 16, 32, 64, 128, 256)
    sizes, fixed = ((4, 16), 8) if smoke else ((16, 32, 64, 128, 256, 512, 1024, 2048), 256)
    nets = {"linear": NETS["linear"]} if smoke else NETS

    train = load(Digits()).train
    batch = Batch(*(jnp.asarray(array[:batch_size]) for array in train))
    loss = losses.softmax_cross_entropy()

    gradients = gradient_costs([supervised(mlp([w], 10), loss) for w in widths], batch)
    by_outputs = jacobian_costs([(fixed, size) for size in sizes])
    by_inputs = jacobian_costs([(size, fixed) for size in sizes])
    cheap = {name: cheap_gradient(supervised(net, loss), batch) for name, net in nets.items()}

    console = Console(soft_wrap=True)
    console.print(cost_table("gradient of one loss", "parameters", gradients))
    console.print(cost_table(f"Jacobian, {fixed} inputs", "outputs", by_outputs))
    console.print(cost_table(f"Jacobian, {fixed} outputs", "inputs", by_inputs))
    console.print(cheap_table(cheap))

    out.mkdir(parents=True, exist_ok=True)
    plots.save_png(plots.gradient_figure(gradients), out / "gradient.png")
    plots.save_png(plots.jacobian_figure(by_outputs, by_inputs), out / "jacobian.png")
    plots.save_png(plots.cheap_figure(cheap), out / "cheap.png")
    costs = {"gradient": gradients, "by_outputs": by_outputs, "by_inputs": by_inputs}
    results = {name: [c._asdict() for c in rows] for name, rows in costs.items()}
    results["cheap"] = [{"net": name, **c._asdict()} for name, c in cheap.items()]
    (out / "results.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    tyro.cli(main)
