"""`fbp sample`: text from a model that was trained a moment ago, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.cli.main import main
from fbp.config import read_config
from fbp.errors import FbpError
from fbp.layer import Context
from fbp.models.char_lstm import char_lstm
from fbp.models.transformer import gpt
from fbp.sample import sample
from fbp.train.run import train

CONFIG = """
[data]
name = "text"
path = "{path}"
length = 8
stride = 1
[model]
name = "gpt"
depth = 1
heads = 1
features = 16
rotary = true
[optimizer]
name = "adam"
learning_rate = 0.02
[train]
epochs = 4
batch_size = 8
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder of a model that has learned to say abcabc..."""
    folder = tmp_path_factory.mktemp("sample")
    (folder / "abc.txt").write_text("abc" * 200)
    path = folder / "abc.toml"
    path.write_text(CONFIG.format(path=folder / "abc.txt"))
    train(read_config(path), folder / "run")
    return str(folder / "run")


def test_writes_what_it_has_learned_beyond_its_length(run, capsys):
    assert main(["sample", run, "--tokens", "20", "--prompt", "ab", "--temperature", "0"]) == 0
    assert capsys.readouterr().out == "abcabcabcabcabcabcabca\n"


def test_a_seed_draws_the_same_text_again_and_another_seed_another(run, capsys):
    def text(seed):
        arguments = ["--prompt", "a", "--temperature", "5", "--tokens", "40", "--seed", str(seed)]
        assert main(["sample", run, *arguments]) == 0
        return capsys.readouterr().out

    first = text(1)
    assert len(first) == 1 + 40 + 1
    assert text(1) == first != text(2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--prompt", "abx"], "--prompt: the model's text has no 'x'"),
        (["--prompt", ""], "an empty prompt"),
        (["--prompt", "a", "--tokens", "0"], "tokens >= 1"),
        (["--prompt", "a", "--temperature", "-1"], "temperature >= 0"),
        (["--tokens", "many"], "--tokens: invalid int value"),
    ],
)
def test_a_mistake_is_one_line(run, arguments, words, capsys):
    assert main(["sample", run, *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_predict_sends_a_language_model_here(run, capsys):
    assert main(["predict", run, "x.npy"]) == 2
    assert f"fbp sample {run}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "net", [gpt(7, 6, 1, 2, 8, tied=False), char_lstm(7, 4, 8)], ids=["gpt", "char_lstm"]
)
@pytest.mark.parametrize("prompt", [[3, 0, 3, 5], [1, 2, 3, 4, 5, 6, 0, 2]], ids=["short", "long"])
def test_every_token_is_drawn_after_the_last_ones(net, prompt):
    """The fixed window, filled up behind, gives what the bare ids give."""
    shape = jax.ShapeDtypeStruct((1, 6), jnp.int32)
    params, state = net.init(jax.random.key(0), shape)
    params = jax.tree.map(lambda a: 5 * a, params)  # a new model is sure of nothing
    key = jax.random.key(1)
    found = sample(net, params, state, prompt, length=6, tokens=9, temperature=0.5, key=key)
    read = jax.jit(lambda ids: net.forward(params, state, ids, Context(train=False))[0])
    ids = list(prompt)
    for token, k in zip(found, jax.random.split(key, 9), strict=True):
        logits = read(jnp.array([ids[-6:]]))[0, -1]
        assert token == int(jax.random.categorical(k, logits / 0.5))
        ids.append(int(token))
    assert len(set(found.tolist())) > 1


def test_temperature_divides_the_logits():
    """Draws follow softmax(logits / temperature), within 5 standard errors."""
    net = char_lstm(3, 2, 4)
    params, state = net.init(jax.random.key(0), jax.ShapeDtypeStruct((1, 1), jnp.int32))
    params["head"] = params["head"]._replace(weight=20 * params["head"].weight)
    logits = net.forward(params, state, jnp.array([[1]]), Context(train=False))[0][0, 0]
    for temperature in (1.0, 3.0):
        p = np.asarray(jax.nn.softmax(logits / temperature))
        # A context of one token: every draw after a 1 is a draw from the same distribution.
        options = {"length": 1, "tokens": 3000, "temperature": temperature}
        drawn = sample(net, params, state, [1], key=jax.random.key(0), **options)
        after = drawn[1:][drawn[:-1] == 1]
        share = np.bincount(after, minlength=3) / len(after)
        assert len(after) > 100
        assert np.all(np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / len(after)) + 1e-3)


def test_an_empty_prompt_is_an_error_of_the_library_too():
    with pytest.raises(FbpError, match="empty prompt"):
        sample(gpt(3, 4, 1, 1, 2), (), (), [], length=4, tokens=1, temperature=1.0, key=None)
