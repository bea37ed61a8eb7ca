"""A graph as text."""

from fbp.graph import graph, named, to_text


def f(a, b, c):
    return named(named(a + b, "x") * named(b + c, "y"), "f")


def test_one_aligned_line_a_node():
    assert to_text(graph(f, a=-1, b=3, c=4), wrt="b").splitlines() == [
        "node  formula  value  d f / d node  d node / d b",
        "a     input       -1             7             0",
        "b     input        3             9             1",
        "c     input        4             2             0",
        "x     a + b        2             7             1",
        "y     b + c        7             2             1",
        "f     x * y       14             1             9",
    ]


def test_arrays_show_as_short_vectors_or_as_shapes():
    text = to_text(graph(lambda x, w: (x @ w) @ x, x=[0.5, 2], w=[[1.0, 0], [0, 1]]))
    assert "[0.5, 2]" in text
    assert "float64[2, 2]" in text
