"""What predict makes of outputs, on a net that is the identity."""

import numpy as np

from fbp.layers import dropout, identity
from fbp.losses import binary_cross_entropy, hinge, softmax_cross_entropy
from fbp.predict import predict

SCORES = np.array([[0.0, 2.0, 1.0], [3.0, 2.0, 1.0]], np.float32)


def test_labels_and_probabilities():
    found = predict(identity(), softmax_cross_entropy(), (), (), SCORES)
    assert found.labels.tolist() == [1, 0]
    assert found.probabilities
    exp = np.exp(SCORES)
    np.testing.assert_allclose(found.scores, exp / exp.sum(1, keepdims=True), rtol=1e-6)


def test_one_logit_gives_the_probability_of_both_classes():
    found = predict(identity(), binary_cross_entropy(), (), (), SCORES[:, :1])
    np.testing.assert_allclose(found.scores[1], [1 / (1 + np.exp(3)), 1 / (1 + np.exp(-3))], 1e-5)
    assert found.labels.tolist() == [0, 1]


def test_scores_where_there_are_no_probabilities():
    found = predict(identity(), hinge(), (), (), SCORES)
    assert not found.probabilities
    np.testing.assert_array_equal(found.scores, SCORES)


def test_every_example_in_batches_of_any_size(monkeypatch):
    x = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    whole = predict(identity(), softmax_cross_entropy(), (), (), x)
    monkeypatch.setattr("fbp.predict.ROWS", 4)
    parts = predict(identity(), softmax_cross_entropy(), (), (), x)
    np.testing.assert_array_equal(parts.labels, whole.labels)
    np.testing.assert_allclose(parts.scores, whole.scores, rtol=1e-6)


def test_nothing_is_dropped_out():
    found = predict(dropout(0.5), hinge(), (), (), SCORES)
    np.testing.assert_array_equal(found.scores, SCORES)
