"""`fbp predict`, on a run that was really trained."""

import json

import numpy as np
import pytest
from matplotlib.image import imsave

from fbp.cli.main import main
from fbp.cli.predict import as_json, as_table
from fbp.config.schema import Config, Mlp, Train
from fbp.data import load
from fbp.predict import Prediction
from fbp.train.run import train

CONFIG = Config(model=Mlp(widths=()), train=Train(epochs=2, checkpoint_every=2))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a short run on the digits, and its test split."""
    folder = tmp_path_factory.mktemp("digits") / "run"
    train(CONFIG, folder)
    return folder, load(CONFIG.data).test


def predict(folder, file, capsys):
    """The JSON that the command prints."""
    assert main(["predict", str(folder), str(file), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_classes_and_probabilities_of_every_example(run, tmp_path, capsys):
    folder, test = run
    np.save(tmp_path / "x.npy", test.inputs)
    found = predict(folder, tmp_path / "x.npy", capsys)
    assert found["classes"] == [str(i) for i in range(10)]
    probabilities = np.array([p["probabilities"] for p in found["predictions"]])
    assert probabilities.shape == (len(test.targets), 10)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    labels = [p["class"] for p in found["predictions"]]
    assert labels == [str(i) for i in probabilities.argmax(1)]
    assert np.mean([int(label) == t for label, t in zip(labels, test.targets, strict=True)]) > 0.8


def test_one_example_is_the_same_in_every_kind_of_file(run, tmp_path, capsys):
    folder, test = run
    levels = np.round(test.inputs[3] * 16).astype(np.uint8)  # as the data set's own files have them
    np.save(tmp_path / "x.npy", levels)
    np.savez(tmp_path / "x.npz", inputs=test.inputs[3:4])
    np.savetxt(tmp_path / "x.csv", levels.reshape(1, 64), fmt="%d", delimiter=",")
    imsave(tmp_path / "x.png", test.inputs[3], cmap="gray", vmin=0, vmax=1)
    npy, *others = (
        predict(folder, tmp_path / f"x.{kind}", capsys)["predictions"]
        for kind in ("npy", "npz", "csv", "png")
    )
    assert len(npy) == 1
    for other in others:
        assert other[0]["class"] == npy[0]["class"]
        np.testing.assert_allclose(other[0]["probabilities"], npy[0]["probabilities"], atol=0.02)


def test_table_for_people(run, tmp_path, capsys):
    folder, test = run
    np.save(tmp_path / "x.npy", test.inputs[:2])
    assert main(["predict", str(folder), str(tmp_path / "x.npy")]) == 0
    heading, first, second = capsys.readouterr().out.splitlines()
    assert heading.split()[:4] == ["example", "class", "probability", "0"]
    assert (first.split()[0], second.split()[0]) == ("0", "1")
    assert len(first.split()) == 12


def test_scores_are_called_scores():
    found = Prediction(np.array([1, 0]), np.array([[2.5], [-2.5]], np.float32), False)
    assert as_json(found, ("no", "yes")) == {
        "classes": ["no", "yes"],
        "predictions": [{"class": "yes", "scores": [2.5]}, {"class": "no", "scores": [-2.5]}],
    }
    assert [str(c.header) for c in as_table(found, ("no", "yes")).columns] == [
        "example", "class", "score",
    ]  # fmt: skip


def test_mistakes_are_one_line(run, tmp_path, capsys):
    folder, _ = run
    np.save(tmp_path / "wide.npy", np.zeros((3, 9, 9), np.float32))
    for argv, line in {
        (folder, tmp_path / "none.npy"): f"fbp: {tmp_path}/none.npy: no such file",
        (folder, tmp_path / "wide.npy"): (
            f"fbp: {tmp_path}/wide.npy: shape (3, 9, 9), expected (n, 8, 8)"
        ),
        (
            tmp_path,
            tmp_path / "wide.npy",
        ): f"fbp: {tmp_path} is no run folder: it has no config.toml",
    }.items():
        assert main(["predict", *map(str, argv)]) == 2
        assert capsys.readouterr().err == f"{line}\n"
