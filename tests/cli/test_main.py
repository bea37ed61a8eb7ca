"""Dispatch, exit codes, and that every mistake is one line."""

import os
import subprocess
import sys
import time

import platformdirs
import pytest

from fbp.cli import main as command_line
from fbp.cli.compilation_cache import FOLDER, use_compilation_cache
from fbp.cli.main import COMMANDS, main
from fbp.errors import FbpError


@pytest.fixture(autouse=True)
def cache_folder(monkeypatch, tmp_path):
    """Commands set the cache's folder in the environment: here, for the length of a test."""
    monkeypatch.setenv(FOLDER, str(tmp_path / "xla"))


def one_line(capsys) -> str:
    """What is on stderr, which is one line, with nothing on stdout."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith("\n")
    return err.rstrip("\n")


def test_help_and_version_start_no_jax():
    script = (
        "import sys; from fbp.cli.main import main; main(['--help']); main(['--version'])\n"
        "assert not {'jax', 'numpy', 'rich'} & set(sys.modules), 'imported something heavy'"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    seconds = time.perf_counter() - start
    assert done.returncode == 0, done.stderr
    for name in COMMANDS:
        assert f"\n  {name} " in done.stdout
    assert done.stdout.splitlines()[-1].startswith("fbp 0.")
    assert seconds < 5  # 0.2 s on an idle machine; what is heavy is asserted above


def test_no_arguments_are_a_call_for_help(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("usage: fbp COMMAND")


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["trian"], "fbp: there is no command 'trian'; did you mean train? (fbp --help)"),
        (["zzz"], "fbp: there is no command 'zzz' (fbp --help)"),
        (
            ["--verison"],
            "fbp: there is no command '--verison'; did you mean --version? (fbp --help)",
        ),
        (
            ["summary"],
            "fbp: the following arguments are required: CONFIG (fbp summary --help)",
        ),
        (
            ["summary", "x.toml", "--jsno"],
            "fbp: there is no option --jsno; did you mean --json? (fbp summary --help)",
        ),
        (
            ["summary", "x.toml", "--seed", "-1"],
            "fbp: --seed -1 must be an integer from 0 to 4294967295",
        ),
        (
            ["predict", "run"],
            "fbp: the following arguments are required: FILE (fbp predict --help)",
        ),
        (
            ["predict", "run", "file", "--jsno"],
            "fbp: unrecognized arguments: --jsno (fbp predict --help)",
        ),
    ],
)
def test_mistakes_are_one_line_and_exit_2(tmp_path, monkeypatch, capsys, argv, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").touch()
    assert main(argv) == 2
    assert one_line(capsys) == line


@pytest.mark.parametrize("command", ["train", "check", "compare", "summary"])
def test_a_bad_config_is_one_line_in_every_command(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text("[train]\nepochs = 0")
    assert main([command, "x.toml"]) == 2
    assert one_line(capsys) == "fbp: x.toml: train.epochs = 0 must be an integer of at least 1"


def test_an_error_of_many_lines_is_printed_as_one(monkeypatch, capsys):
    def fail(argv):
        raise FbpError("first\nsecond")

    monkeypatch.setattr(command_line, "dispatch", fail)
    assert main([]) == 2
    assert one_line(capsys) == "fbp: first second"


def test_a_command_starts_in_a_process_made_ready(monkeypatch, capsys):
    called = []
    for name in ("use_compilation_cache", "use_eigen_convolutions", "keep_pages"):
        monkeypatch.setattr(command_line, name, lambda name=name: called.append(name))
    assert command_line.dispatch(["data", "list"]) == 0
    assert called == ["use_compilation_cache", "use_eigen_convolutions", "keep_pages"]


def test_interrupt_is_130(monkeypatch, capsys):
    def interrupt(argv):
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "dispatch", interrupt)
    assert main([]) == 130
    assert one_line(capsys) == "fbp: interrupted"


def test_a_reader_that_leaves_is_no_error():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "fbp", "--help"], stdout=stdout, stderr=subprocess.PIPE
        )
    assert (done.returncode, done.stderr) == (141, b"")


def test_help_of_a_config_command_lists_every_setting(capsys):
    with pytest.raises(SystemExit) as end:
        main(["summary", "--help"])
    assert end.value.code == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "--optimizer.name adam" in lines
    assert "--train.epochs an integer of at least 1 [10]" in lines
    assert "--optimizer.clip-norm a number above 0 [none]" in lines


def test_compiled_programs_are_kept_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.delenv(FOLDER)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / name)
    use_compilation_cache()
    assert os.environ[FOLDER] == str(tmp_path / "fbp" / "xla")
    assert (tmp_path / "fbp" / "xla").is_dir()


def test_a_cache_that_the_user_names_stays(monkeypatch):
    monkeypatch.setenv(FOLDER, "elsewhere")
    use_compilation_cache()
    assert os.environ[FOLDER] == "elsewhere"


def test_without_a_writable_home_nothing_is_kept(monkeypatch, tmp_path):
    monkeypatch.delenv(FOLDER)
    (tmp_path / "file").touch()
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "file" / name)
    use_compilation_cache()
    assert FOLDER not in os.environ
