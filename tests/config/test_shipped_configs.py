"""The configs that ship: they read, and they are what their comments say."""

from pathlib import Path

import pytest

from fbp.config import read_config
from fbp.config.schema import BinaryCrossEntropy, Mlp, Mnist, Quadratic, Sgd

FOLDER = Path(__file__).parents[2] / "configs"
CONFIGS = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_reads_and_says_where_it_comes_from(path):
    read_config(path)
    assert path.read_text().startswith("# ")


def test_none_is_missing():
    assert {path.stem for path in CONFIGS} >= {
        "digits_maxout", "digits_mlp", "digits_private", "mnist_mlp", "mnist_nielsen_ch1",
        "mnist_nielsen_ch3", "seeds_binary", "seeds_three_class", "shakespeare_gpt",
        "shakespeare_lstm",
    }  # fmt: skip


def test_nielsen_chapter_1():
    config = read_config(FOLDER / "mnist_nielsen_ch1.toml")
    assert config.data == Mnist(validation=10000, divisor=256)
    assert config.model == Mlp(
        widths=(30,),
        activation="sigmoid",
        output="sigmoid",
        weight_init="standard_normal",
        bias_init="standard_normal",
    )
    assert config.loss == Quadratic()
    assert config.optimizer == Sgd(learning_rate=3.0)
    assert (config.train.batch_size, config.train.epochs) == (10, 30)


def test_nielsen_chapter_3():
    config = read_config(FOLDER / "mnist_nielsen_ch3.toml")
    assert config.model == Mlp(
        widths=(100,),
        activation="sigmoid",
        weight_init="scaled_normal",
        bias_init="standard_normal",
    )
    assert config.loss == BinaryCrossEntropy()
    assert config.optimizer == Sgd(learning_rate=0.1, l2=5.0)
    assert (config.train.batch_size, config.train.epochs) == (10, 60)


def test_shakespeare_gpt_is_nano_gpts_setting_for_a_cpu():
    config = read_config(FOLDER / "shakespeare_gpt.toml")
    windows = 1_003_853 - config.data.length + 1  # of the training split
    steps = windows // config.data.stride // config.train.batch_size * config.train.epochs
    assert (steps, config.train.batch_size, config.data.length) == (2000, 12, 64)
    assert (config.model.depth, config.model.heads, config.model.features) == (4, 4, 128)
    optimizer = config.optimizer
    assert (optimizer.learning_rate, optimizer.b1, optimizer.b2) == (1e-3, 0.9, 0.99)
    assert (optimizer.weight_decay, optimizer.clip_norm) == (0.1, 1.0)
    assert (config.schedule.warmup_steps, config.schedule.final) == (100, 0.1)
