"""Every row of the layers' table computes the same both ways, at its smallest shape."""

import pytest

from fbp.lab.bench import layers
from fbp.lab.bench.layers import layer_json, layer_table, measure_layers
from fbp.lab.bench.measure import Disagreement
from fbp.lab.usual.layers import LAYERS


def test_every_layer_with_parameters_has_a_row():
    assert {case.name.split()[0] for case in LAYERS} >= {
        "dense", "maxout", "swiglu", "layer_norm", "rms_norm", "group_norm", "batch_norm", "conv",
        "embedding", "attention", "rnn", "lstm", "gru", "max_pool", "avg_pool",
    }  # fmt: skip


def test_three_sizes_each():
    assert all(len(case.shapes) == 3 for case in LAYERS)


def test_rows_in_a_table_and_as_data(monkeypatch):
    few = [case._replace(shapes=case.shapes[:1]) for case in LAYERS if case.name == "layer_norm"]
    monkeypatch.setattr(layers, "LAYERS", few)
    (row,) = measure_layers(rounds=1)
    assert row.seconds > 0
    assert layer_table([row]).row_count == 1
    (plain,) = layer_json([row])
    assert plain["layer"] == "layer_norm"
    assert plain["ratio"] == row.usual.ratio


def test_usual_code_that_computes_something_else_is_refused(monkeypatch):
    case = next(case for case in LAYERS if case.name == "dense")
    wrong = case._replace(usual=lambda params, x: x @ params.weight, shapes=case.shapes[:1])
    monkeypatch.setattr(layers, "LAYERS", [wrong])
    with pytest.raises(Disagreement, match="dense"):
        list(measure_layers(rounds=1))


@pytest.mark.slow
@pytest.mark.parametrize("case", LAYERS, ids=lambda case: case.name)
def test_both_ways_agree(case, monkeypatch):
    monkeypatch.setattr(layers, "LAYERS", [case._replace(shapes=case.shapes[:1])])
    assert len(list(measure_layers(rounds=1))) == 1
