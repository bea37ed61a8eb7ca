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
        "digits_maxout", "digits_mlp", "mnist_mlp", "mnist_nielsen_ch1", "mnist_nielsen_ch3",
        "seeds_binary", "seeds_three_class",
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
