"""What seeds may be."""

MAX_SEED = 2**32 - 1  # of a larger one, JAX's keys would keep 32 bits
