"""Which way a program takes is decided where it is lowered for."""

import jax
import jax.numpy as jnp
import pytest
from jax import export

from fbp.backend import Choice, by_backend

WAYS = {"by sine": jnp.sin, "by cosine": jnp.cos}


def f(x):
    return by_backend(Choice(default="by sine", cpu="by cosine"), WAYS, x)


@pytest.mark.parametrize(
    ("platform", "wanted"), [("cpu", "cosine"), ("cuda", "sine"), ("rocm", "sine"), ("tpu", "sine")]
)
def test_each_platform_gets_its_own(platform, wanted):
    exported = export.export(jax.jit(f), platforms=[platform])(jnp.ones(3))
    ways = [op for op in ("stablehlo.sine", "stablehlo.cosine") if op in exported.mlir_module()]
    assert ways == [f"stablehlo.{wanted}"]


def test_here_it_runs_and_transforms():
    x = jnp.array([0.5, 1.0])
    here = jnp.cos if jax.default_backend() == "cpu" else jnp.sin
    assert jnp.allclose(f(x), here(x))
    assert jnp.allclose(jax.vmap(jax.grad(f))(x), jax.vmap(jax.grad(here))(x))
