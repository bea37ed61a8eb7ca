"""What the page says and does not say; nothing is rendered here."""

import math
import re

import numpy as np
import pytest

from fbp.lab.compare import Row
from fbp.report.page import render


def images(page: str) -> list[str]:
    return re.findall(r'<img [^>]*src="([^"]*)"', page)


def test_has_every_section_in_order(report_data):
    titles = re.findall(r"<h2>(.*?)</h2>", render(report_data))
    assert titles == [
        "Learning",
        "The test split",
        "The gradient is right",
        "Signals through the net",
        "What a gradient costs",
        "What ran",
        "How to reproduce",
    ]


def test_needs_nothing_but_itself(report_data):
    page = render(report_data)
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert not re.search(r"https?:|url\(|@import", page)
    assert all(source.startswith("data:image/") for source in images(page))
    assert len(images(page)) == 3 + len(report_data.classified.mistakes)


def test_escapes_all_text_that_comes_in(report_data):
    evil = "<script>alert(1)</script>&"
    data = report_data._replace(
        name=evil,
        config=evil,
        dataset=(("name", evil), (evil, evil)),
        classes=(evil,) * 10,
        layers=(report_data.layers[0]._replace(path=evil, name=evil, output=evil),),
        environment={evil: evil},
        audit=(report_data.audit[0]._replace(path=evil),),
        costs=(Row(evil, 2, reason=evil),),
        commands=(evil,),
    )
    page = render(data)
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;&amp;") >= 12


def test_a_failed_audit_is_not_called_right(report_data):
    row = report_data.audit[0]
    wrong = row._replace(errors=row.errors._replace(vjp=float("nan")))
    page = render(report_data._replace(audit=(wrong, *report_data.audit[1:])))
    assert "<h2>The gradient is wrong</h2>" in page
    assert "Beyond its bound: dense1/weight." in page
    assert page.count("<mark>") == 1
    assert "<mark>" not in render(report_data)


def test_is_a_pure_function_of_its_data(report_data):
    assert render(report_data) == render(report_data)


def test_says_what_a_run_without_epochs_lacks(report_data):
    data = report_data._replace(
        epochs=(), end={}, audit=(), classified=None, costs=(), environment={}
    )
    page = render(data)
    assert "ended before its first epoch" in page
    assert images(page) == []


def test_one_epoch_without_validation_or_norms_is_drawn(report_data):
    event = {"event": "epoch", "epoch": 1, "train_loss": float("nan"), "train_accuracy": 0.1}
    page = render(report_data._replace(epochs=(event,)))
    assert "Signals through the net" not in page
    assert "Learning" in page


def test_the_noise_scale_stands_above_where_the_run_measured_it(report_data):
    assert "noise scale" not in render(report_data)
    event = {"event": "epoch", "epoch": 1, "train_loss": 1.0, "train_noise_scale": 58.1}
    assert "<dd>58.1</dd><dt>noise scale, in examples</dt>" in render(
        report_data._replace(epochs=(event,))
    )


@pytest.mark.parametrize("shape", [(7,), (784,), (8, 8), (8, 8, 1), (8, 8, 3)])
def test_shows_images_as_images_and_the_rest_as_a_table(report_data, shape):
    found = report_data.classified
    inputs = np.linspace(0, 1, math.prod(shape), dtype=np.float32).reshape(shape)
    mistakes = tuple(m._replace(inputs=inputs) for m in found.mistakes)
    page = render(report_data._replace(classified=found._replace(mistakes=mistakes)))
    pictures = sum(source.startswith("data:image/png") for source in images(page))
    assert pictures == (0 if shape == (7,) else len(mistakes))
    assert ("inputs (first 8)" in page) == (shape == (7,))
