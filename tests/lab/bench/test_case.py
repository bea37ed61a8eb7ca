"""The cases that ship."""

from pathlib import Path

import pytest

from fbp.config import ConfigError
from fbp.lab.bench.case import FOLDER, read_case
from fbp.lab.bench.peer import PEERS

CASES = {p.stem: p for p in sorted((Path(__file__).parents[3] / FOLDER).glob("*.toml"))}


@pytest.mark.parametrize("path", CASES.values(), ids=CASES)
def test_reads_and_names_peers_that_there_are(path):
    case = read_case(path)
    assert case.bench.about
    assert all(peer in PEERS or peer == "torch" for peer in case.bench.peers)


def test_every_case_has_a_goal():
    assert len(CASES) >= 11
    for name, path in CASES.items():
        goals = read_case(path).bench.goals
        assert any(value is not None for value in vars(goals).values()), name


def test_a_setting_that_is_none_is_named(tmp_path):
    path = tmp_path / "case.toml"
    path.write_text('[bench]\nkind = "stop"\n')
    with pytest.raises(ConfigError, match=r"bench.kind.*must be one of step, head"):
        read_case(path)
