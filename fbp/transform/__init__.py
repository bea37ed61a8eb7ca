"""A layer as one JAX function that carries both hand-written rules."""

from fbp.transform.as_jax import as_jax, as_jax_with_state

__all__ = ["as_jax", "as_jax_with_state"]
