"""What is written reads back the same, whatever the values."""

import dataclasses
import tempfile
from pathlib import Path
from typing import Literal, get_args, get_origin
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from fbp.config import read_config, to_toml
from fbp.config.schema import Config, Csv
from fbp.config.value import optional, without_none
from fbp.config.variants import option_field, options, variants

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def values(annotation, bounds):
    """Every value a setting may have."""
    inner = without_none(annotation)
    low, high = bounds.get("low", bounds.get("above")), bounds.get("high", bounds.get("below"))
    if optional(annotation):
        return st.none() | values(inner, bounds)
    if get_origin(inner) is Literal:
        return st.sampled_from(get_args(inner))
    if get_origin(inner) is tuple:
        return st.lists(values(get_args(inner)[0], bounds), max_size=4).map(tuple)
    if inner is float:
        ends = {"exclude_min": "above" in bounds, "exclude_max": "below" in bounds}
        return st.floats(low, high, **ends, allow_nan=False, allow_infinity=False)
    if inner is int:
        return st.integers(low, high)
    return st.booleans() if inner is bool else TEXT


def sections(section):
    """Every instance of a dataclass of the schema."""
    fields = {}
    for name, annotation in options(section).items():
        inner = variants(annotation)
        if inner:
            fields[name] = st.one_of(*map(sections, inner))
        else:
            fields[name] = values(annotation, option_field(section, name).metadata)
    return st.builds(section, **fields)


@given(sections(Config))
@settings(max_examples=60, deadline=None)
def test_round_trip(config):
    with tempfile.TemporaryDirectory() as folder, mock.patch("fbp.config.read.check"):
        path = Path(folder, "config.toml")
        path.write_text(to_toml(config), encoding="utf-8")
        assert read_config(path) == config


def test_awkward_strings(tmp_path):
    config = Config(data=Csv(path='a "b" \\c\n\r\t\x00\x7f\x85 é 😀', label="'"))
    path = tmp_path / "config.toml"
    path.write_text(to_toml(config), encoding="utf-8")
    assert read_config(path) == config


def test_every_setting_has_its_line_and_none_has_none():
    text = to_toml(Config())
    assert text.startswith('seed = 0\n\n[data]\nname = "digits"\nvalidation_fraction = 0.1\n')
    assert "\nwidths = [64]\n" in text
    assert "\nshuffle = true\n" in text
    assert "None" not in text
    assert "clip_norm" not in text


def defaults_of_optional(section):
    """(setting, default) of every setting that may be None."""
    for name, annotation in options(section).items():
        if optional(annotation):
            yield f"{section.__name__}.{name}", option_field(section, name).default
        for variant in variants(annotation):
            yield from defaults_of_optional(variant)


def test_what_may_be_none_is_none_by_default():
    found = dict(defaults_of_optional(Config))
    assert "Train.patience" in found
    assert not {name: value for name, value in found.items() if value is not None}


def test_every_section_is_frozen():
    everything = [v for a in options(Config).values() for v in variants(a)] + [Config]
    assert all(dataclasses.is_dataclass(s) and s.__dataclass_params__.frozen for s in everything)
