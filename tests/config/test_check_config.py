"""Settings that contradict each other."""

import pytest

from fbp.config import ConfigError, read_config

CONTRADICTIONS = [
    (
        "[data]\nvalidation_fraction = 0.5\ntest_fraction = 0.5",
        "data.validation_fraction + data.test_fraction leave nothing to train on: "
        "their sum must be below 1, got 1",
    ),
    ('[data]\nname = "idx"', "data.folder is missing: the folder of the four IDX files"),
    ('[data]\nname = "csv"', "data.path is missing: the table to read"),
    (
        "[data]\nvalidation_fraction = 0\n[train]\npatience = 3",
        "train.patience = 3 needs a validation split: data.validation_fraction must be above 0",
    ),
    (
        '[data]\nname = "mnist"\nvalidation = 0\n[train]\npatience = 3',
        "train.patience = 3 needs a validation split: data.validation must be above 0",
    ),
    (
        '[model]\noutput = "sigmoid"\n[loss]\nname = "binary_cross_entropy"',
        'model.output = "sigmoid" squashes what loss binary_cross_entropy squashes again: '
        'it takes logits, so model.output must be "identity"',
    ),
    (
        '[model]\noutput = "softmax"',
        'model.output = "softmax" squashes what loss softmax_cross_entropy squashes again: '
        'it takes logits, so model.output must be "identity"',
    ),
    (
        '[data]\nname = "text"',
        'model.name = "mlp" does not fit data.name = "text": '
        "char_lstm and gpt model text, and nothing else does",
    ),
    (
        '[data]\nname = "text"\n[model]\nname = "gpt"\nheads = 3\nrotary = true',
        "model.features must be a multiple of 6, got 128",
    ),
    (
        '[data]\nname = "text"\n[model]\nname = "gpt"\nfused = true\n[loss]\nname = "hinge"',
        'model.fused = true joins the head to softmax_cross_entropy; loss.name is "hinge"',
    ),
    (
        '[data]\nname = "text"\n[model]\nname = "char_lstm"\nfused = true',
        'model.fused = true makes no logits to take an accuracy of: set train.monitor = "loss"',
    ),
    (
        '[data]\nname = "text"\n[model]\nname = "char_lstm"\nfused = true\n'
        '[train]\nmonitor = "loss"\ncompute_dtype = "bfloat16"',
        "model.fused = true computes in train.param_dtype: train.compute_dtype must be "
        '"float32", too',
    ),
    (
        '[data]\nname = "text"\n[model]\nname = "gpt"\ndepth = 10\nsave = "every_k"\nevery = 4',
        'model.save = "every_k" needs model.every, a divisor of model.depth = 10, got 4',
    ),
    (
        '[data]\nname = "text"\n[model]\nname = "gpt"\nevery = 2',
        'model.every = 2 is for model.save = "every_k", got "all"',
    ),
    (
        "[optimizer]\nclip_norm = 1.0\n[train]\nfuse_update = true",
        "train.fuse_update = true never has the whole gradient, whose norm optimizer.clip_norm "
        "bounds: leave one of them out",
    ),
    (
        "[train]\nfuse_update = true\naccumulate = 2",
        "train.fuse_update = true never has the whole gradient, which train.accumulate = 2 adds "
        "up: set it to 1",
    ),
    (
        '[gradient]\nmode = "autodiff"\n[train]\nfuse_update = true',
        "train.fuse_update = true never has the whole gradient: "
        'gradient.mode must be "backprop", got "autodiff"',
    ),
    (
        "[gradient]\nexample_clip = 1.0\n[train]\nfuse_update = true",
        "train.fuse_update = true never has the whole gradient, of which gradient.statistics and "
        "example_clip are: leave them out",
    ),
    (
        '[train]\nfuse_update = true\ncompute_dtype = "bfloat16"',
        "train.fuse_update = true computes in train.param_dtype: train.compute_dtype must be "
        '"float32", too',
    ),
    (
        "[optimizer]\nnesterov = true",
        "optimizer.nesterov = true needs optimizer.momentum, such as 0.9",
    ),
    (
        "[gradient]\nnoise_multiplier = 1.1",
        "gradient.noise_multiplier = 1.1 is in units of gradient.example_clip: set that, too, "
        "such as 1.0",
    ),
    (
        '[data]\nname = "text"\n[model]\nname = "gpt"\nfused = true\n[train]\nmonitor = "loss"\n'
        "[gradient]\nexample_clip = 1.0",
        "gradient.example_clip needs every example's part of the head: set model.fused = false",
    ),
    (
        '[model]\nname = "resnet"\n[gradient]\nstatistics = ["per_example_norm"]',
        "gradient.statistics needs examples that do not meet, but resnet's batch_norm couples "
        "them: choose another model.name, such as lenet",
    ),
    (
        '[train]\nbatch_size = 1\n[gradient]\nstatistics = ["noise_scale"]',
        "gradient.statistics: noise_scale needs train.batch_size of at least 2",
    ),
    (
        '[schedule]\nname = "piecewise"\nboundaries = [10, 20]\nfactors = [0.5]',
        "schedule.boundaries and schedule.factors must have the same length, got 2 and 1",
    ),
    (
        '[schedule]\nname = "piecewise"\nboundaries = [20, 20]\nfactors = [0.5, 0.1]',
        "schedule.boundaries must be ascending, got [20, 20]",
    ),
]


@pytest.mark.parametrize(("text", "line"), CONTRADICTIONS, ids=[t for t, _ in CONTRADICTIONS])
def test_says_which_settings_and_what_to_do(tmp_path, monkeypatch, text, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(ConfigError) as error:
        read_config("x.toml")
    assert str(error.value) == f"x.toml: {line}"


@pytest.mark.parametrize(
    "text",
    [
        '[model]\noutput = "sigmoid"\n[loss]\nname = "quadratic"',
        "[optimizer]\nnesterov = true\nmomentum = 0.9",
        '[schedule]\nname = "piecewise"\nboundaries = [10, 20]\nfactors = [0.5, 0.1]',
        "[data]\nvalidation_fraction = 0.1\n[train]\npatience = 3",
        "[data]\nvalidation_fraction = 0",
        '[gradient]\nstatistics = ["noise_scale"]\nexample_clip = 1.0\nnoise_multiplier = 1.1',
        '[gradient]\nstatistics = ["per_example_norm"]\n[train]\nbatch_size = 1',
    ],
)
def test_what_fits_together_passes(tmp_path, text):
    path = tmp_path / "x.toml"
    path.write_text(text)
    read_config(path)
