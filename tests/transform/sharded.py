"""Run by test_shard_map in a process of its own with two devices: prints errors by name as JSON."""

import json

import jax
import jax.numpy as jnp
from jax.sharding import AxisType
from jax.sharding import PartitionSpec as P

from fbp import Context, as_jax, remat, repeat, residual, serial
from fbp.layers import dense, dropout, tanh
from tests.transform.planted import JVP, VJP, error, planted

jax.config.update("jax_enable_x64", True)
mesh = jax.make_mesh((2,), ("data",), axis_types=(AxisType.Auto,))
net = serial(dense(3), repeat(residual(dense(3)), 2), remat(serial(tanh(), dropout(0.0))))
x = jax.random.normal(jax.random.key(0), (4, 2), jnp.float64)
params, state = net.init(jax.random.key(1), x)
ctx = Context(jax.random.key(2))
tangents = jax.tree.map(jnp.sin, params)


def plain(params, x):
    return jnp.sum(net.forward(params, state, x, ctx)[0] * jnp.cos(x[:, :1]))


def local(params, x):
    return jnp.sum(as_jax(planted(net), state, ctx)(params, x) * jnp.cos(x[:, :1]))


def on_two(f, out_specs):
    return jax.jit(jax.shard_map(f, mesh=mesh, in_specs=(P(), P("data")), out_specs=out_specs))


def total(params, x):
    return jax.lax.psum(local(params, x), "data")


def tangent(f):
    return lambda params, x: jax.jvp(lambda p: f(p, x), (params,), (tangents,))[1]


def hessian_product(f):
    return lambda params, x: jax.jvp(lambda p: jax.grad(f)(p, x), (params,), (tangents,))[1]


gradient, curvature = jax.grad(plain)(params, x), hessian_product(plain)(params, x)
rows = {
    "gradient of shard_map": (jax.grad(on_two(total, P())), VJP, gradient),
    "gradient inside shard_map": (on_two(jax.grad(local), P()), VJP, gradient),
    "tangent of shard_map": (tangent(on_two(total, P())), JVP, tangent(plain)(params, x)),
    "tangent inside shard_map": (on_two(tangent(total), P()), JVP, tangent(plain)(params, x)),
    "second derivative of shard_map": (hessian_product(on_two(total, P())), VJP, curvature),
    "second derivative inside": (on_two(hessian_product(local), P()), VJP, curvature),
}
print(
    json.dumps(
        {
            name: error(f(params, x), jax.tree.map(lambda a, k=factor: k * a, expected))
            for name, (f, factor, expected) in rows.items()
        }
    )
)
