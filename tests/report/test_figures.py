"""The report's figures: what they mark, read from their SVG."""

import re

import pytest

from fbp.report import figures

# The fourth epoch has the best loss, the second the best accuracy.
LOSSES, ACCURACIES = [0.9, 0.7, 0.6, 0.4, 0.5], [0.5, 0.8, 0.6, 0.7, float("nan")]
EPOCHS = [
    {"epoch": i + 1, "validation_loss": loss, "validation_accuracy": accuracy}
    for i, (loss, accuracy) in enumerate(zip(LOSSES, ACCURACIES, strict=True))
]


def marked(monkeypatch, epochs, monitor):
    """(title of the axes, x, y) of each ring that is drawn."""
    drawn = []
    monkeypatch.setattr(figures, "as_svg", lambda figure: drawn.append(figure))
    figures.learning_curves(epochs, monitor)
    return [
        (ax.get_title(loc="left"), *line.get_xydata()[0])
        for ax in drawn[0].axes
        for line in ax.lines
        if line.get_markerfacecolor() == "none"
    ]


@pytest.mark.parametrize(
    ("monitor", "ring"), [("loss", ("Loss", 4, 0.4)), ("accuracy", ("Accuracy", 2, 0.8))]
)
def test_the_ring_is_around_the_best_epoch_by_the_monitor(monkeypatch, monitor, ring):
    assert marked(monkeypatch, EPOCHS, monitor) == [ring]


def test_without_a_finite_validation_value_there_is_no_ring(monkeypatch):
    assert marked(monkeypatch, [{"epoch": 1, "train_loss": 1.0}], "loss") == []
    assert marked(monkeypatch, [{"epoch": 1, "validation_loss": float("nan")}], "loss") == []


def test_curves_are_svg():
    assert re.match(r"<\?xml .*<svg ", figures.learning_curves(EPOCHS, "loss"), re.DOTALL)
