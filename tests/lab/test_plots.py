"""Figures of numbers made up for them: they draw, and say what they must."""

from __future__ import annotations

import matplotlib.image
import pytest

from fbp.lab import plots
from fbp.lab.compare import Comparison, Row
from fbp.lab.page import render
from fbp.lab.scaling import CheapGradient, Cost
from fbp.lab.tables import cheap_table, cost_table, mode_table
from fbp.lab.timing import Timing

ROWS = (
    Row("backprop", 2, 1.0, 1e-7, 2.0, 1.9, 2.1, 300, 10),
    Row("forward", 50, 1.0, 1e-7, 40.0, 30.0, 50.0, 5000, 10, extrapolated=True),
    Row("spsa", 2, reason="<nothing> to perturb"),
)
COMPARISON = Comparison(50, 8, 1e-5, 100, 5, ROWS)
GRADIENTS = [
    Cost(
        n,
        {"loss": n, "reverse": 3 * n, "forward": n * n, "numerical": n * n},
        {"loss": 1e-6 * n, "reverse": 3e-6 * n, **({"forward": 1e-6 * n * n} if n < 500 else {})},
    )
    for n in (10, 100, 1000)
]
JACOBIANS = [
    Cost(n, {"jacfwd": 100 * n, "jacrev": n * n}, {"jacfwd": 1e-4 * n, "jacrev": 1e-6 * n * n})
    for n in (10, 50, 1000)
]
CHEAP = {"wide": CheapGradient(1234, 2.9, Timing(1e-3, 2.5, 2.4, 2.7))}


def texts(figure):
    return {text.get_text() for text in figure.findobj(match=matplotlib.text.Text)}


@pytest.mark.parametrize(
    ("figure", "says"),
    [
        pytest.param(
            lambda: plots.mode_figure(COMPARISON), {"backprop", "forward ≈", "FLOPs"}, id="modes"
        ),
        pytest.param(
            lambda: plots.gradient_figure(GRADIENTS, COMPARISON),
            {"loss", "reverse", "forward", "numerical", "slope 1", "slope 2", "this model"},
            id="gradient",
        ),
        pytest.param(
            lambda: plots.jacobian_figure(JACOBIANS, JACOBIANS),
            {"jacfwd", "jacrev", "even at 100", "inputs", "outputs"},
            id="jacobian",
        ),
        pytest.param(
            lambda: plots.cheap_figure(CHEAP), {"wide: 1,234 parameters", "FLOPs"}, id="cheap"
        ),
    ],
)
def test_figure_says_what_it_shows_and_is_not_empty(figure, says, tmp_path):
    drawn = figure()
    assert says <= texts(drawn)
    plots.save_png(drawn, tmp_path / "figure.png")
    pixels = matplotlib.image.imread(tmp_path / "figure.png")
    assert pixels.shape[1] > 1000
    assert 0.005 < (pixels[..., :3].min(axis=-1) < 0.9).mean() < 0.5  # ink, but not only ink


def test_page_is_self_contained_and_escapes():
    page = render("<digits>", COMPARISON, {"Modes": (plots.mode_figure(COMPARISON), "a < b")})
    assert "&lt;digits&gt;: gradient modes" in page
    assert "&lt;nothing&gt; to perturb" in page
    assert page.count("data:image/svg+xml;base64,") == 1
    assert "http" not in page


def test_tables_have_a_row_each_and_a_dash_where_nothing_ran():
    assert mode_table(COMPARISON).row_count == len(ROWS) + 1
    gradient = cost_table("gradient", "parameters", GRADIENTS)
    assert list(gradient.columns[-1].cells)[-1] == "-"
    assert cheap_table(CHEAP).row_count == 1
