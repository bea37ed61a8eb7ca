"""Every mistake in a config file, and the whole line that says so."""

from pathlib import Path

import pytest

from fbp.config import ConfigError, read_config
from fbp.config.schema import Adam, Config, Csv, Forward, Mlp, Sgd, Train
from fbp.config.variants import options, tag_of, variants

SGD = "learning_rate, clip_norm, l2, name, momentum, nesterov"
SECTIONS = ", ".join(options(Config))
MODES = ", ".join(tag_of(mode).name for mode in variants(options(Config)["gradient"]))

MISTAKES = [
    # unknown keys
    (
        "[optimizer]\nlearning_rat = 0.1",
        "optimizer.learning_rat = 0.1 is no setting of sgd; did you mean optimizer.learning_rate? "
        f"allowed: {SGD}",
    ),
    ("[optimizer]\nzzz = true", f"optimizer.zzz = true is no setting of sgd; allowed: {SGD}"),
    (
        "epochs = 3",
        f"epochs = 3 is no setting; did you mean train.epochs? allowed: {SECTIONS}",
    ),
    ("[optimiser]\n", f"[optimiser] is no setting; did you mean optimizer? allowed: {SECTIONS}"),
    ("[optimizer.adam]\nb1 = 0.5", f"[optimizer.adam] is no setting of sgd; allowed: {SGD}"),
    # options of another variant
    (
        "[gradient]\ntangents = 16",
        "gradient.tangents = 16 is no setting of backprop; it belongs to gradient.mode = "
        '"forward_gradient"',
    ),
    (
        '[optimizer]\nname = "adam"\ninitial_accumulator_value = 0.1',
        "optimizer.initial_accumulator_value = 0.1 is no setting of adam; it belongs to "
        'optimizer.name = "adagrad"',
    ),
    (
        "[data]\nfolder = 'y'",
        'data.folder = "y" is no setting of digits; it belongs to data.name = "idx"',
    ),
    # wrong types
    ('[train]\nepochs = "ten"', 'train.epochs = "ten" must be an integer of at least 1'),
    ("[train]\nepochs = 3.0", "train.epochs = 3.0 must be an integer of at least 1"),
    ("[train]\nepochs = true", "train.epochs = true must be an integer of at least 1"),
    ("[train]\nshuffle = 1", "train.shuffle = 1 must be true or false"),
    ("[train]\nepochs = 2020-01-01", "train.epochs = 2020-01-01 must be an integer of at least 1"),
    ('[data]\nname = "csv"\npath = 3', "data.path = 3 must be a string"),
    (
        '[gradient]\nstatistics = ["norms"]',
        'gradient.statistics = ["norms"] must be a list, empty or of noise_scale, per_example_norm',
    ),
    ("[model]\nwidths = 30", "model.widths = 30 must be a list of integers of at least 1"),
    (
        "[model]\nwidths = [30, 1.5]",
        "model.widths = [30, 1.5] must be a list of integers of at least 1",
    ),
    (
        'optimizer = "adam"',
        'optimizer = "adam" is a section, not a setting; allowed: '
        + ", ".join(f"optimizer.{name}" for name in SGD.split(", ")),
    ),
    ("[seed]\nx = 1", "[seed] is no setting: seed must be an integer from 0 to 4294967295"),
    # impossible values
    ("seed = 4294967296", "seed = 4294967296 must be an integer from 0 to 4294967295"),
    ("[train]\nepochs = 0", "train.epochs = 0 must be an integer of at least 1"),
    (
        "[model]\nwidths = [30, 0]",
        "model.widths = [30, 0] must be a list of integers of at least 1",
    ),
    ("[model]\ndropout = 1", "model.dropout = 1 must be a number from 0 to 0.99"),
    ("[model]\ndropout = nan", "model.dropout = nan must be a number from 0 to 0.99"),
    (
        "[optimizer]\nlearning_rate = inf",
        "optimizer.learning_rate = inf must be a number of at least 0",
    ),
    ("[optimizer]\nclip_norm = 0", "optimizer.clip_norm = 0 must be a number above 0"),
    (
        '[schedule]\nname = "exponential"\nrate = 0.0',
        "schedule.rate = 0.0 must be a number above 0 and at most 1",
    ),
    (
        "[optimizer]\nmomentum = 1",
        "optimizer.momentum = 1 must be a number of at least 0 and below 1",
    ),
    (
        "[train]\naverage_decay = 1.0",
        "train.average_decay = 1.0 must be a number of at least 0 and below 1",
    ),
    *(
        (
            f'[optimizer]\nname = "{name}"\n{setting} = 1.0',
            f"optimizer.{setting} = 1.0 must be a number of at least 0 and below 1",
        )
        for name, setting in [
            ("adam", "b1"),
            ("adam", "b2"),
            ("adamw", "b2"),
            ("lion", "b2"),
            ("rmsprop", "decay"),
        ]
    ),
    (
        "[optimizer]\nlearning_rate = 1" + 400 * "0",
        f"optimizer.learning_rate = 1{400 * '0'} must be a number of at least 0",
    ),
    # choices
    (
        '[gradient]\nmode = "backpropp"',
        f'gradient.mode = "backpropp" must be one of {MODES}; did you mean backprop?',
    ),
    ("[gradient]\nmode = 3", f"gradient.mode = 3 must be one of {MODES}"),
    (
        '[train]\nmonitor = "acuracy"',
        'train.monitor = "acuracy" must be one of accuracy, loss; did you mean accuracy?',
    ),
]


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes x.toml into the working folder."""
    monkeypatch.chdir(tmp_path)
    return Path("x.toml").write_text


@pytest.mark.parametrize(("text", "line"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_says_where_and_what_is_allowed(write, text, line):
    write(text)
    with pytest.raises(ConfigError) as error:
        read_config("x.toml")
    assert str(error.value) == f"x.toml: {line}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[train]\nepochs = = 3", "Invalid value (at line 2, column 10)"),
        ("[train]\nepochs = [1,", "Invalid value (at line 2, column 13)"),
        ("[train]\n[train]", "Cannot declare ('train',) twice (at line 2, column 7)"),
    ],
)
def test_malformed_toml_names_line_and_column(write, text, line):
    write(text)
    with pytest.raises(ConfigError) as error:
        read_config("x.toml")
    assert str(error.value) == f"x.toml is not a TOML file: {line}"


def test_a_file_that_is_not_text(write):
    Path("x.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"x\.toml is not a TOML file: it is not text in UTF-8"):
        read_config("x.toml")


def test_a_missing_file_names_the_nearest_that_ships(write):
    Path("configs").mkdir()
    Path("configs/digits_mlp.toml").touch()
    Path("configs/mnist_mlp.toml").touch()
    for name, hint in {
        "configs/digts_mlp.toml": "did you mean configs/digits_mlp.toml?",
        "digits_mlp": "did you mean configs/digits_mlp.toml?",
        "z.toml": "there are configs/digits_mlp.toml, configs/mnist_mlp.toml",
    }.items():
        with pytest.raises(ConfigError) as error:
            read_config(name)
        assert str(error.value) == f"there is no config file {name}; {hint}"


def test_a_folder_is_no_config(write):
    with pytest.raises(ConfigError, match=r"^cannot read the config file \.: Is a directory$"):
        read_config(".")


def test_an_empty_file_is_the_defaults(write):
    write("")
    assert read_config("x.toml") == Config()


def test_reads_every_kind_of_value(write):
    write(
        "seed = 3\n"
        "[data]\nname = 'csv'\npath = 'a.csv'\nstandardise = false\n"
        "[model]\nwidths = [3, 4]\n"
        "[optimizer]\nname = 'adam'\nlearning_rate = 1\n"
        "[train]\npatience = 2\n"
        "[gradient]\nmode = 'forward'\nchunk = 8\n"
    )
    with pytest.raises(ConfigError, match="needs a validation split"):
        read_config("x.toml")
    found = read_config("x.toml", ["--data.validation-fraction", "0.1"])
    assert found == Config(
        seed=3,
        data=Csv(path="a.csv", standardise=False, validation_fraction=0.1),
        model=Mlp(widths=(3, 4)),
        optimizer=Adam(learning_rate=1.0),
        train=Train(patience=2),
        gradient=Forward(chunk=8),
    )
    assert type(found.optimizer.learning_rate) is float


def test_a_section_without_its_tag_is_the_default_variant(write):
    write("[optimizer]\nmomentum = 0.9\n[train]\n")
    assert read_config("x.toml").optimizer == Sgd(momentum=0.9)


def test_a_byte_order_mark_and_windows_line_ends_are_read(write):
    Path("x.toml").write_bytes(b"\xef\xbb\xbfseed = 3\r\n[train]\r\nepochs = 2\r\n")
    assert read_config("x.toml") == Config(seed=3, train=Train(epochs=2))
