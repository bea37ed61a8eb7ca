"""A report's ingredients made by hand: real digits, invented numbers."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from fbp.lab.compare import Row
from fbp.proof.audit import AuditRow, Errors
from fbp.report.data import Classified, LayerRow, Mistake, ReportData

CONFIG = """seed = 0

[data]
name = "digits"
validation_fraction = 0.1
test_fraction = 0.2
split_seed = 0

[model]
name = "mlp"
widths = [64]
activation = "relu"

[gradient]
mode = "backprop"

[optimizer]
name = "adam"
learning_rate = 0.001

[train]
epochs = 30
batch_size = 32
"""


def epoch_events(n: int) -> tuple[dict, ...]:
    """Epochs 1 to n of a run that learns, with norms of three layers."""
    rng = np.random.default_rng(0)

    def event(i: int) -> dict:
        left, noise = float(np.exp(-i / 6)), rng.uniform(0.97, 1.03)
        norms = {
            "dense1": {"activation": 0.8 * noise, "cotangent": 0.03 * left, "gradient": 2 * left},
            "activation1": {"activation": 0.5 * noise, "cotangent": 0.05 * left},
            "output": {"activation": 1.5 + i / 6, "cotangent": 0.1 * left, "gradient": 3 * left},
        }
        norms["dense1"]["parameter"], norms["output"]["parameter"] = 8 + i / 20, 3 + i / 15
        return {
            "event": "epoch",
            "step": 45 * i,
            "epoch": i,
            "seconds": 0.2 * i,
            "train_loss": 2.3 * left + 0.01,
            "train_accuracy": 1 - 0.9 * left,
            "validation_loss": 2.2 * left + 0.1 * noise,
            "validation_accuracy": 1 - 0.88 * left - 0.03 * noise,
            "norms": norms,
        }

    return tuple(event(i) for i in range(1, n + 1))


@pytest.fixture
def report_data() -> ReportData:
    digits = load_digits()
    confusion = np.diag(np.full(10, 34))
    confusion[8, 1], confusion[9, 5], confusion[4, 7] = 4, 2, 1
    mistakes = tuple(
        Mistake(
            row=i,
            inputs=(digits.images[i] / 16).astype(np.float32),
            target=int(digits.target[i]),
            predicted=(int(digits.target[i]) + 3) % 10,
            scores=(0.99 - 0.03 * i, 0.01 + 0.01 * i),
        )
        for i in range(12)
    )
    return ReportData(
        name="digits_mlp",
        config=CONFIG,
        mode="backprop",
        monitor="accuracy",
        dataset=(
            ("name", "digits"),
            ("training examples", "1257"),
            ("validation examples", "180"),
            ("test examples", "360"),
            ("input", "8 × 8"),
            ("classes", "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"),
        ),
        classes=tuple("0123456789"),
        layers=(
            LayerRow("flatten", "flatten", "64", 0),
            LayerRow("dense1", "dense(64)", "64", 4160),
            LayerRow("activation1", "relu", "64", 0),
            LayerRow("output", "dense(10)", "10", 650),
        ),
        environment={"python": "3.11.7", "jax": "0.10.2", "device": "cpu", "commit": "9df9e32"},
        epochs=epoch_events(30),
        end={
            "event": "end",
            "reason": "epochs",
            "step": 1350,
            "seconds": 6.2,
            "train_loss": 0.0255,
            "test_loss": 0.0931,
            "test_accuracy": 0.9722,
        },
        audit=tuple(
            AuditRow(leaf, shape, Errors(2.1e-16 * k, 1e-16, 3e-17 * k, 4e-10))
            for k, (leaf, shape) in enumerate(
                (("dense1/weight", (64, 64)), ("dense1/bias", (64,)), ("output/weight", (64, 10))),
                start=1,
            )
        ),
        classified=Classified("test", confusion, mistakes, probabilities=True),
        costs=(
            Row("backprop", 2, 1.0, 4e-7, 2.1, 2.0, 2.3, 1_200_000, 65_536),
            Row("forward", 4810, 1.0, 5e-7, 5121.0, 5e3, 6e3, 10**10, 2**21, extrapolated=True),
            Row("spsa", 2, 0.0141, 71.2, 2.0, 1.9, 2.2, 800_000, 32_768),
        ),
        commands=("fbp train config.toml", "fbp check config.toml", "fbp compare config.toml"),
    )
