import json
import re
from dataclasses import replace

import pytest

from fbp.config.schema import Adam, Config, Mlp
from fbp.train.run_folder import (
    MetricsWriter,
    RunFolderError,
    create,
    next_folder,
    open_existing,
    read_environment,
    read_metrics,
    require_same_config,
)

FIRST = {"event": "epoch", "epoch": 1, "step": 10, "train_loss": 0.5}


def test_a_new_folder_says_what_was_asked_and_where_it_runs(tmp_path):
    config = Config(model=Mlp(widths=(3, 4)), optimizer=Adam())
    create(tmp_path / "a" / "b", config)
    folder, saved = open_existing(tmp_path / "a" / "b")
    assert saved == config
    assert read_metrics(folder) == []
    environment = json.loads((folder.path / "environment.json").read_text())
    assert environment["packages"]["jax"]
    assert environment["devices"][0].startswith("cpu")
    assert set(environment) == {
        "command", "python", "platform", "packages", "devices", "git_commit",
    }  # fmt: skip


def test_what_exists_is_never_overwritten(tmp_path):
    create(tmp_path / "run", Config())
    (tmp_path / "file").write_text("precious")
    (tmp_path / "empty").mkdir()
    for name in ("run", "file"):
        with pytest.raises(RunFolderError, match=f"{name} already exists: continue it with"):
            create(tmp_path / name, Config())
    assert (tmp_path / "file").read_text() == "precious"
    create(tmp_path / "empty", Config())


def test_an_unwritable_folder_is_one_clear_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunFolderError, match=r"cannot write the run folder .*: Not a directory"):
        create(tmp_path / "file" / "run", Config())


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(RunFolderError, match=r"is no run folder: it has no config\.toml"):
        open_existing(tmp_path)


def test_the_first_free_number_is_taken(tmp_path):
    assert next_folder("digits", tmp_path).name == "digits-1"
    for n in (1, 2, 4):
        (tmp_path / f"digits-{n}").mkdir()
    assert next_folder("digits", tmp_path).name == "digits-3"


def test_another_configuration_is_told_by_its_first_key(tmp_path):
    config = Config()
    folder = create(tmp_path / "run", config)
    require_same_config(folder, config, config)
    wider = replace(config, model=Mlp(widths=(8,)))
    with pytest.raises(RunFolderError, match=r"with model\.widths = \(64,\), not \(8,\)"):
        require_same_config(folder, config, wider)
    adam = replace(config, optimizer=Adam(learning_rate=0.1))
    with pytest.raises(RunFolderError, match=r"with optimizer\.name = 'adam', not 'sgd'"):
        require_same_config(folder, adam, config)


def test_metrics_are_on_disk_at_once_and_are_json(tmp_path):
    folder = create(tmp_path / "run", Config())
    with MetricsWriter(folder, 0) as metrics:
        metrics.write({"event": "note", "loss": float("nan"), "norms": {"a": float("inf")}})
        assert read_metrics(folder) == [{"event": "note", "loss": None, "norms": {"a": None}}]


def test_what_the_checkpoint_does_not_know_is_cut_off(tmp_path):
    folder = create(tmp_path / "run", Config())
    with MetricsWriter(folder, 0) as metrics:
        metrics.write(FIRST)
        known = metrics.bytes()
        metrics.write({**FIRST, "epoch": 2})
    with folder.metrics.open("a") as file:
        file.write('{"epoch": 3, "lo')  # a crash in the middle of a line
    assert read_metrics(folder) == [FIRST, {**FIRST, "epoch": 2}]
    with MetricsWriter(folder, known) as metrics:
        metrics.write({**FIRST, "epoch": "again 2"})
    assert read_metrics(folder) == [FIRST, {**FIRST, "epoch": "again 2"}]


def test_metrics_that_are_gone_are_one_clear_line(tmp_path):
    folder = create(tmp_path / "run", Config())
    folder.metrics.unlink()
    with pytest.raises(RunFolderError, match=r"cannot read .*: No such file"):
        read_metrics(folder)
    with pytest.raises(RunFolderError, match=r"cannot write .*: No such file"):
        MetricsWriter(folder, 0)


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        (b"not json\n", "line 2: Expecting value: line 1 column 1"),
        (b"[1]\n", "line 2: not a JSON object"),
        (b"{}\n", "line 2 has no event"),
        (b'{"event": [1]}\n{}\n', "line 3 has no event"),
        (b'{"event": "epoch", "epoch": 2, "step": 20}\n', "line 2 has no train_loss"),
        (b'{"event": "end", "step": 20}\n', "line 2 has no finished"),
        (b"\xff\n", "'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_damaged_metrics_are_one_clear_line(tmp_path, second, problem):
    folder = create(tmp_path / "run", Config())
    folder.metrics.write_bytes(json.dumps(FIRST).encode() + b"\n" + second)
    with pytest.raises(RunFolderError, match=r"metrics\.jsonl is damaged: " + re.escape(problem)):
        read_metrics(folder)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is damaged: Expecting value"),
        ("{", "is damaged: Expecting property name"),
        ("[]", "is damaged: not a JSON object"),
        ('{"packages": []}', "is damaged: it names no packages"),
        (None, "No such file"),
    ],
)
def test_a_damaged_environment_is_one_clear_line(tmp_path, text, problem):
    folder = create(tmp_path / "run", Config())
    assert read_environment(folder)["packages"]["jax"]
    path = folder.path / "environment.json"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(RunFolderError, match=f"{path}.*{problem}"):
        read_environment(folder)


def test_metrics_shorter_than_the_checkpoint_knows_are_not_filled_up(tmp_path):
    folder = create(tmp_path / "run", Config())
    folder.metrics.write_text("{}\n")
    with pytest.raises(RunFolderError, match="holds 3 bytes of the 9 that"):
        MetricsWriter(folder, 9)
    assert folder.metrics.read_text() == "{}\n"


def test_a_full_disk_is_one_clear_line(tmp_path):
    folder = create(tmp_path / "run", Config())
    folder.metrics.unlink()
    folder.metrics.symlink_to("/dev/full")
    metrics = MetricsWriter.__new__(MetricsWriter)
    metrics._file = folder.metrics.open("w")
    with pytest.raises(RunFolderError, match=r"cannot write .*: No space left on device"):
        metrics.write({"event": "epoch"})
