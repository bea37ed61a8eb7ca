"""fbp check: a configuration's gradient, the whole table, the planted mistakes."""

import json

import pytest

from fbp.cli import check, check_table
from fbp.cli.main import main
from fbp.layers import dense, relu
from fbp.proof import audit
from fbp.proof.cases.case import Case, normal
from fbp.proof.mutants.mutant import Mutant, after_vjp

SMALL = "[model]\nwidths = [3]\n"
RIGHT = Case("dense", dense(2), normal(3, 2))
WRONG = Case(
    "wrong",
    after_vjp(lambda dparams, dx: (dparams, -dx))(relu()),
    normal(3, 2),
)
HARMLESS = Mutant("harmless", "dense", after_vjp(lambda dparams, dx: (dparams, dx)))


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return str(path)


def test_a_configured_model_is_right_leaf_by_leaf(config, capsys):
    assert main(["check", config]) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines() if line.endswith("ok")] == [
        "dense1/weight",
        "dense1/bias",
        "output/weight",
        "output/bias",
    ]
    assert "all 4 gradients are right" in out


def test_blank_images_and_biases_of_0_are_no_wrong_gradient(config, capsys, monkeypatch):
    """Every hidden unit would start on relu's kink."""
    load = check.load

    def blank(section):
        dataset = load(section)
        return dataset._replace(train=dataset.train._replace(inputs=0 * dataset.train.inputs))

    monkeypatch.setattr(check, "load", blank)
    assert main(["check", config]) == 0


def test_json_and_exit_1_for_a_wrong_gradient(config, capsys, monkeypatch):
    build = check.build_objective

    def wrong(*args):
        net, loss, objective = build(*args)

        def vjp(params, res, dloss):
            grads = objective.vjp(params, res, dloss)
            return grads | {"output": grads["output"]._replace(bias=-grads["output"].bias)}

        return net, loss, objective._replace(vjp=vjp)

    monkeypatch.setattr(check, "build_objective", wrong)
    assert main(["check", config, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] is False
    assert [row["path"] for row in found["rows"] if not row["passed"]] == ["output/bias"]
    assert found["rows"][3]["vjp"] == pytest.approx(2.0)
    assert set(found["rows"][0]) == {"path", "shape", "passed", *audit.Errors._fields}


def test_all(capsys, monkeypatch):
    monkeypatch.setattr(check_table, "CASES", (RIGHT,))
    assert main(["check", "--all"]) == 0
    assert "all 1 layers, losses and models are right" in capsys.readouterr().out


def test_all_json_names_what_failed(capsys, monkeypatch):
    monkeypatch.setattr(check_table, "CASES", (RIGHT, WRONG))
    assert main(["check", "--all", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["layers"] == 2
    assert found["checks"] > 100
    assert found["failed"][0].startswith("wrong: vjp = autodiff, x: at [")
    assert "fits: the sign is wrong" in found["failed"][0]
    assert found["worst"]["vjp = autodiff"]["case"] == "wrong"


def test_mutants(capsys, monkeypatch):
    monkeypatch.setattr(check_table, "CASES", (RIGHT,))
    monkeypatch.setattr(check_table, "MUTANTS", (HARMLESS,))
    assert main(["check", "--mutants", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["survivors"] == ["dense: harmless"]
    assert found["killed"] == found["mutants"] - 1
    assert {"check_grads_killed", "chex_killed"} <= found.keys()
    monkeypatch.setattr(check_table, "MUTANTS", ())
    assert main(["check", "--mutants"]) == 0
    assert "mistakes noticed (100.0%)" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [[], ["--all", "x.toml"], ["--mutants", "--seed", "1"]])
def test_exactly_one_thing_is_checked(argv, capsys):
    assert main(["check", *argv]) == 2
    assert "give one of CONFIG, --all, --mutants" in capsys.readouterr().err
