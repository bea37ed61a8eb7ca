import jax
import jax.numpy as jnp
import numpy as np

from fbp.statistics import add_noise


def test_noise_has_the_stated_deviation_in_every_leaf_and_none_in_common():
    grads = {"a": jnp.full((200, 100), 3.0), "b": jnp.zeros((200, 100), jnp.bfloat16)}
    noisy = jax.jit(lambda key: add_noise(key, grads, 0.25))(jax.random.key(3))
    noise = {name: np.asarray(noisy[name] - grads[name], float) for name in grads}
    for name, found in noise.items():
        assert abs(np.std(found) / 0.25 - 1) < 0.02
        assert abs(np.mean(found)) < 0.25 / 100 * 3
        assert noisy[name].dtype == grads[name].dtype
    assert abs(np.corrcoef(noise["a"].ravel(), noise["b"].ravel())[0, 1]) < 0.03
    again = add_noise(jax.random.key(4), grads, 0.25)
    assert abs(np.corrcoef((again["a"] - 3).ravel(), noise["a"].ravel())[0, 1]) < 0.03
