"""Settings on the command line: the same reader, and the words the user typed in every error."""

import pytest

from fbp.config import ConfigError, read_config
from fbp.config.schema import Adam, Config, Mlp, Sgd, Spsa
from fbp.config.variants import options

SECTIONS = ", ".join(options(Config))

FILE = """\
[optimizer]
name = "sgd"
learning_rate = 0.5
momentum = 0.9
[gradient]
mode = "forward_gradient"
tangents = 16
chunk = 8
"""


@pytest.fixture
def read(tmp_path):
    """read(words) -> the config of FILE with them."""
    path = tmp_path / "x.toml"
    path.write_text(FILE)
    return lambda words: read_config(path, words.split())


def test_replaces_what_the_file_says(read):
    found = read(
        "--optimizer.learning-rate 0.1 --seed=7 --model.widths 30 20 --train.shuffle False"
    )
    assert found.optimizer == Sgd(learning_rate=0.1, momentum=0.9)
    assert found.seed == 7
    assert found.model == Mlp(widths=(30, 20))
    assert found.train.shuffle is False


def test_spellings_of_values(read):
    assert read("--model.widths 30").model.widths == (30,)
    assert read("--model.widths []").model.widths == ()
    assert read("--model.widths [30,20]").model.widths == (30, 20)
    assert read("--optimizer.momentum None").optimizer.momentum is None
    assert read("--optimizer.learning_rate 1e-3").optimizer.learning_rate == 1e-3
    assert read("--train.in-memory true").train.in_memory is True
    assert read("--data.name csv --data.path 3 --data.label -1").data.path == "3"


def test_the_last_of_two_wins(read):
    assert read("--seed 1 --seed 2").seed == 2


def test_a_new_variant_keeps_shared_options_and_drops_the_rest_of_the_file(read):
    assert read("--optimizer.name adam").optimizer == Adam(learning_rate=0.5)
    assert read("--gradient.mode spsa").gradient == Spsa(chunk=8)
    assert read("--gradient.draws 4 --gradient.mode spsa").gradient == Spsa(chunk=8, draws=4)
    assert read("--optimizer.name sgd").optimizer == Sgd(learning_rate=0.5, momentum=0.9)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            "--optimizer.learning-rat 0.1",
            "--optimizer.learning-rat 0.1 is no setting of sgd; did you mean "
            "--optimizer.learning-rate? allowed: learning_rate, clip_norm, l2, name, momentum, "
            "nesterov",
        ),
        (
            "--optimiser.learning-rate 0.1",
            "--optimiser.learning-rate 0.1 is no setting; did you mean --optimizer.learning-rate? "
            f"allowed: {SECTIONS}",
        ),
        (
            "--learning-rate 0.1",
            "--learning-rate 0.1 is no setting; did you mean --optimizer.learning-rate? "
            f"allowed: {SECTIONS}",
        ),
        (
            "--optimizer.name adam --optimizer.momentum 0.9",
            '--optimizer.momentum 0.9 is no setting of adam; it belongs to optimizer.name = "sgd"',
        ),
        (
            "--optimizer.name adamm",
            "--optimizer.name adamm must be one of sgd, adagrad, rmsprop, adam, adamw, lion; "
            "did you mean adam?",
        ),
        ("--train.epochs ten", "--train.epochs ten must be an integer of at least 1"),
        ("--train.epochs 0", "--train.epochs 0 must be an integer of at least 1"),
        ("--train.epochs 3 4", "--train.epochs 3 4 must be an integer of at least 1"),
        ("--train.epochs", "--train.epochs needs a value: an integer of at least 1"),
        ("--model.widths 3 x", "--model.widths 3 x must be a list of integers of at least 1"),
        ("--model.widths", "--model.widths needs a value: a list of integers of at least 1"),
        ("--train.epochs None", "--train.epochs None must be an integer of at least 1"),
        (
            "--optimizer adam",
            "--optimizer adam is a section, not a setting; allowed: optimizer.learning_rate, "
            "optimizer.clip_norm, optimizer.l2, optimizer.name, optimizer.momentum, "
            "optimizer.nesterov",
        ),
        ("--seed.x 3", "--seed.x 3 is no setting: seed must be an integer from 0 to 4294967295"),
        (
            "epochs 3",
            "unexpected argument 'epochs': a setting is written --section.name value",
        ),
    ],
)
def test_mistakes_show_what_was_typed(read, words, line):
    with pytest.raises(ConfigError) as error:
        read(words)
    assert str(error.value) == line


def test_an_override_does_not_hide_a_mistake_in_the_file(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('optimizer = "adam"')
    with pytest.raises(ConfigError, match=r'x\.toml: optimizer = "adam" is a section'):
        read_config(path, ["--optimizer.learning-rate", "0.1"])
