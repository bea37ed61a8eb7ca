"""What was measured, as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from fbp.lab.compare import Comparison, Row
from fbp.lab.scaling import CheapGradient, Cost


def mode_table(comparison: Comparison) -> Table:
    """A row a mode, as people read it in a terminal."""
    table = Table(box=None, pad_edge=False, caption_justify="left")
    table.add_column("mode")
    for name in ("cosine", "max rel. error", "passes", "time / loss", "FLOPs", "temp bytes"):
        table.add_column(name, justify="right")
    for row in comparison.rows:
        table.add_row(row.name, *_cells(row))
    table.add_section()
    alone = (f"{comparison.loss_flops:,}", f"{comparison.loss_temp_bytes:,}")
    table.add_row("the loss alone", "-", "-", "1", "1", *alone)
    table.caption = (
        f"{comparison.parameters:,} parameters, {comparison.examples} examples; errors are against "
        f"float64 autodiff; the loss alone takes {1e6 * comparison.loss_seconds:.0f} us"
        + "; ~ measured on a few entries and scaled"
        * any(r.extrapolated for r in comparison.rows)
    )
    return table


def _cells(row: Row) -> list[str]:
    if row.cosine is None or row.time_ratio is None:
        return ["-", "-", f"{row.passes:,}", row.reason or "-", "-", "-"]
    return [
        f"{row.cosine:.6f}",
        f"{row.max_rel_error:.1e}",
        f"{row.passes:,}",
        f"{'~' * row.extrapolated}{row.time_ratio:,.2f}",
        f"{row.flops:,}",
        f"{row.temp_bytes:,}",
    ]


def cost_table(title: str, size: str, costs: Sequence[Cost]) -> Table:
    """FLOPs and microseconds of every method, a row a size; size: what it counts."""
    table = Table(title=title, box=None, pad_edge=False, title_justify="left")
    methods = list(costs[0].flops)
    for name in (size, *(f"{m}\nFLOPs" for m in methods), *(f"{m}\nus" for m in methods)):
        table.add_column(name, justify="right", no_wrap=True)
    for cost in costs:
        flops = (f"{cost.flops[m]:.1e}" for m in methods)
        times = (f"{1e6 * cost.seconds[m]:,.0f}" if m in cost.seconds else "-" for m in methods)
        table.add_row(f"{cost.size:,}", *flops, *times)
    return table


def cheap_table(nets: Mapping[str, CheapGradient]) -> Table:
    """Gradient over loss, a row a net."""
    table = Table(title="gradient / loss", box=None, pad_edge=False, title_justify="left")
    table.add_column("net")
    for name in ("parameters", "FLOPs", "time", "quartiles"):
        table.add_column(name, justify="right")
    for name, net in nets.items():
        _, ratio, low, high = net.time
        spread = f"{low:.2f} to {high:.2f}"
        table.add_row(name, f"{net.parameters:,}", f"{net.flops_ratio:.2f}", f"{ratio:.2f}", spread)
    return table
