"""A graph as a picture."""

import re

import jax.numpy as jnp
import numpy as np
import pytest

from fbp.graph import graph, named
from fbp.graph.picture import draw, layout


def f(x, y, z, w):
    return named(2 * (x * y + jnp.maximum(z, w)), "f")


INPUTS = {"x": 3, "y": -4, "z": 2, "w": -1}


def test_every_node_has_a_place_of_its_own_to_the_right_of_its_operands():
    g = graph(f, **INPUTS)
    places = layout(g)
    assert len({tuple(place) for place in places}) == len(g.nodes)
    for node, place in zip(g.nodes, places, strict=True):
        assert all(places[i, 0] < place[0] for i in node.operands)


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_the_picture_shows_values_gradients_and_partials(suffix, tmp_path):
    path = tmp_path / f"graph.{suffix}"
    draw(graph(f, **INPUTS), path)
    if suffix == "svg":
        texts = re.findall(r"<!-- (.*?) -->", path.read_text())
        assert {"f = 2 * add1", "-20", "-8", "6", "z"} <= set(texts)
    else:
        from matplotlib.image import imread

        assert np.ptp(imread(path)) > 0.5
