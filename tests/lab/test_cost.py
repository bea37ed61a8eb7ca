from __future__ import annotations

import jax
import jax.numpy as jnp

from fbp.lab.cost import compile_program, flops

X, W = (jax.ShapeDtypeStruct(s, jnp.float32) for s in ((64, 32), (32, 128)))


def test_flops_from_shapes_alone():
    assert flops(jnp.matmul, X, W) == 2 * 64 * 32 * 128


def test_program_runs_and_knows_its_cost():
    def f(x, w):
        y = x @ w
        return y @ y.T  # y (64, 128) has to live somewhere

    program = compile_program(f, X, W)
    y = program.call(jnp.ones((64, 32)), jnp.ones((32, 128)))
    assert y.shape == (64, 64)
    assert program.flops == 2 * 64 * 32 * 128 + 2 * 64 * 128 * 64
    assert program.temp_bytes >= 4 * 64 * 128
