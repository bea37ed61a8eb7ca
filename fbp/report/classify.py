"""A split, classified by a trained net: the confusion matrix and the worst mistakes."""

from __future__ import annotations

import numpy as np

from fbp.data.dataset import Split
from fbp.layer import Layer, PyTree
from fbp.losses import Loss
from fbp.predict import predict
from fbp.report.data import Classified, Mistake


def classify(
    net: Layer, loss: Loss, params: PyTree, state: PyTree, split: Split, name: str, classes: int
) -> Classified:
    """Every example of `split` in evaluation mode; the twelve mistakes most firmly made.

    Firmness is the predicted class's score less the right one's. Of a sequence every place counts,
    and the inputs of a mistake are those that lead to it.
    """
    found = predict(net, loss, params, state, split.inputs)
    scores, predicted = found.scores, found.labels
    if scores.shape[-1] == 1:  # one output speaks for class 1, and against class 0
        scores = np.concatenate([-scores, scores], axis=-1)
    shape = predicted.shape  # (n,), or (n, length) for sequences
    scores, predicted = scores.reshape(-1, scores.shape[-1]), predicted.ravel()
    targets, rows = np.asarray(split.targets).ravel(), np.arange(predicted.size)
    confusion = np.zeros((classes, classes), int)
    np.add.at(confusion, (targets, predicted), 1)
    firmness = scores[rows, predicted] - scores[rows, targets]
    wrong = rows[predicted != targets]
    worst = wrong[np.argsort(-firmness[wrong], kind="stable")][:12]
    mistakes = tuple(
        Mistake(
            **_where(split, np.unravel_index(i, shape)),
            target=int(targets[i]),
            predicted=int(predicted[i]),
            scores=(float(scores[i, predicted[i]]), float(scores[i, targets[i]])),
        )
        for i in worst
    )
    return Classified(name, confusion, mistakes, found.probabilities)


def _where(split: Split, place: tuple) -> dict:
    """A mistake's row and inputs. place: its row and, in a sequence, the index there."""
    row, *index = map(int, place)
    inputs = np.asarray(split.inputs[row : row + 1])[0]
    return {"row": row, "inputs": inputs[: index[0] + 1] if index else inputs}
