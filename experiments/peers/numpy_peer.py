"""A network of sigmoids with the quadratic cost, in NumPy alone, from the equations BP1-BP4.

`batch` has a mini-batch as the columns of a matrix, `per_example` goes through it one example at a
time, as network.py does. Source: Nielsen 2015, chapters 1 and 2.
"""

from __future__ import annotations

from protocol import Given, serve, unknown  # isort: skip  (first: it takes the time)

import numpy as np
from layout import linear, ours

# Of a very negative z, exp(-z) overflows to infinity, whose sigmoid is 0 as it should be.
np.seterr(over="ignore")


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def backprop(weights, biases, x, y):
    """Activations, and BP1-BP4 from the last layer to the first: the cost's sum over the columns
    of x (inputs, n) and y (outputs, n), and its gradients by weights (out, in) and biases (out, 1).
    """
    activation, activations, zs = x, [x], []
    for w, b in zip(weights, biases, strict=True):
        z = w @ activation + b
        zs.append(z)
        activation = sigmoid(z)
        activations.append(activation)
    nabla_w, nabla_b = [np.empty(0)] * len(weights), [np.empty(0)] * len(biases)
    error = activations[-1] - y
    delta = error * sigmoid_prime(zs[-1])
    for layer in reversed(range(len(weights))):
        if layer + 1 < len(weights):
            delta = (weights[layer + 1].T @ delta) * sigmoid_prime(zs[layer])
        nabla_b[layer] = delta.sum(axis=1, keepdims=True)
        nabla_w[layer] = delta @ activations[layer].T
    return 0.5 * np.sum(error * error), nabla_w, nabla_b


def backprop_per_example(weights, biases, x, y):
    """As backprop, one column after the other."""
    cost = 0.0
    nabla_w, nabla_b = [np.zeros_like(w) for w in weights], [np.zeros_like(b) for b in biases]
    for i in range(x.shape[1]):
        c, delta_w, delta_b = backprop(weights, biases, x[:, i : i + 1], y[:, i : i + 1])
        cost += c
        nabla_w = [nw + dw for nw, dw in zip(nabla_w, delta_w, strict=True)]
        nabla_b = [nb + db for nb, db in zip(nabla_b, delta_b, strict=True)]
    return cost, nabla_w, nabla_b


class Network:
    """Stochastic gradient descent, always on the same mini-batch."""

    def __init__(self, given: Given):
        model, optimizer = given.config.model, given.config.optimizer
        sigmoids = model.name == "mlp" and model.activation == model.output == "sigmoid"
        if not sigmoids or given.config.loss.name != "quadratic" or optimizer.name != "sgd":
            raise unknown(given)
        self.given, self.rate = given, optimizer.learning_rate
        self.names = [f"dense{i + 1}" for i in range(len(model.widths))] + ["output"]
        self.places = {k: v for name in self.names for k, v in linear(name, name).items()}
        self.x = np.ascontiguousarray(given.inputs.T)
        dtype = given.inputs.dtype
        self.y = np.eye(given.config.bench.classes, dtype=dtype)[given.targets].T.copy()
        self.backprop = backprop if given.variant == "batch" else backprop_per_example
        self.reset()

    def reset(self):
        theirs = {name: place.theirs(self.given) for name, place in self.places.items()}
        self.weights = [theirs[f"{name}.weight"] for name in self.names]
        self.biases = [theirs[f"{name}.bias"][:, None] for name in self.names]

    def gradient(self):
        n = self.x.shape[1]
        cost, nabla_w, nabla_b = self.backprop(self.weights, self.biases, self.x, self.y)
        gradient = self._ours([g / n for g in nabla_w], [g / n for g in nabla_b])
        return float(cost / n), gradient

    def stepped(self):
        return self._ours(self.weights, self.biases)

    def _ours(self, by_weights, by_biases):
        values = {f"{k}.weight": g for k, g in zip(self.names, by_weights, strict=True)}
        values |= {f"{k}.bias": g for k, g in zip(self.names, by_biases, strict=True)}
        return ours(self.places, values, self.given)

    def steps(self, n):
        eta = self.rate / self.x.shape[1]
        for _ in range(n):
            _, nabla_w, nabla_b = self.backprop(self.weights, self.biases, self.x, self.y)
            self.weights = [w - eta * nw for w, nw in zip(self.weights, nabla_w, strict=True)]
            self.biases = [b - eta * nb for b, nb in zip(self.biases, nabla_b, strict=True)]


if __name__ == "__main__":
    serve(Network, ("batch", "per_example"))
