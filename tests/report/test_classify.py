"""Counts and order of mistakes, on outputs that are the inputs."""

import numpy as np

from fbp.data.dataset import Split
from fbp.layers import identity
from fbp.losses import hinge, quadratic, softmax_cross_entropy
from fbp.report.classify import classify


def read(loss, outputs, targets, classes=3):
    split = Split(np.asarray(outputs, np.float32), np.asarray(targets, np.int32))
    return classify(identity(), loss, (), (), split, "test", classes)


def test_counts_rows_as_targets_and_columns_as_predictions():
    outputs = np.eye(3)[[0, 0, 1, 2, 2]]
    found = read(softmax_cross_entropy(), outputs, [0, 1, 1, 2, 0])
    np.testing.assert_array_equal(found.confusion, [[1, 0, 1], [1, 1, 0], [0, 0, 1]])


def test_orders_mistakes_by_firmness_with_probabilities_as_scores():
    outputs = [[3.0, 0, 0], [9.0, 0, 0], [1.0, 0, 0], [5.0, 0, 0]]
    found = read(softmax_cross_entropy(), outputs, [1, 2, 1, 0])
    assert [m.row for m in found.mistakes] == [1, 0, 2]
    first = found.mistakes[0]
    assert (first.target, first.predicted, found.probabilities) == (2, 0, True)
    assert 0.99 < first.scores[0] < 1
    assert first.inputs.tolist() == [9, 0, 0]


def test_reads_one_output_as_the_loss_does():
    for loss, outputs in ((hinge(), [[-2.0], [3.0], [-0.5]]), (quadratic(), [[0.1], [0.9], [0.4]])):
        found = read(loss, outputs, [0, 0, 1], classes=2)
        np.testing.assert_array_equal(found.confusion, [[1, 1], [1, 0]])
        assert [m.row for m in found.mistakes] == [1, 2]
        assert not found.probabilities
