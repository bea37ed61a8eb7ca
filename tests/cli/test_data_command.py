"""`fbp data`."""

import platformdirs
import pytest

from fbp.cli import data as command
from fbp.data.dataset import DataError
from fbp.data.known import KnownFile, KnownSet
from fbp.errors import FbpError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and no FBP_DATA."""
    monkeypatch.delenv("FBP_DATA", raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path)
    return tmp_path / "data"


def test_list_says_what_is_here_and_how_to_get_the_rest(cache, capsys):
    (cache / "text").mkdir(parents=True)
    (cache / "text" / "tinyshakespeare.txt").touch()
    assert command.run(["list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert list(lines) == ["name", "digits", "mnist", "seeds", "text"]
    assert "scikit-learn" in lines["digits"]
    assert "fbp data fetch mnist" in lines["mnist"]
    assert str(cache / "text") in lines["text"]


def test_list_finds_unzipped_files(cache, capsys):
    (cache / "mnist").mkdir(parents=True)
    for split in ("train", "t10k"):
        (cache / "mnist" / f"{split}-images-idx3-ubyte").touch()
        (cache / "mnist" / f"{split}-labels-idx1-ubyte.gz").touch()
    command.run(["list"])
    assert str(cache / "mnist") in capsys.readouterr().out


def test_fetch_offline_is_one_line(cache, monkeypatch):
    file = KnownFile("x", "0" * 64, ("http://127.0.0.1:9/x",))
    monkeypatch.setattr(command, "KNOWN", {"toy": KnownSet("toy", "", (file,))})
    with pytest.raises(DataError) as error:
        command.run(["fetch", "toy"])
    assert "\n" not in str(error.value)
    assert list((cache / "toy").iterdir()) == []


@pytest.mark.parametrize("argv", [[], ["find"], ["fetch"], ["fetch", "minst"]])
def test_usage_errors(cache, argv):
    with pytest.raises(FbpError, match="fbp data"):
        command.run(argv)
