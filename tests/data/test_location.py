"""Data is looked for in FBP_DATA, then in the cache; a file also where it says."""

import platformdirs
import pytest

from fbp.data.dataset import DataError
from fbp.data.location import locate


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """(working folder, FBP_DATA, cache), all empty."""
    here, named, cache = (tmp_path / name for name in ("here", "named", "cache"))
    for folder in (here, named, cache / "data"):
        folder.mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setenv("FBP_DATA", str(named))
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: cache)
    return here, named, cache / "data"


def test_the_working_folder_goes_before_fbp_data_before_the_cache(folders):
    for folder in reversed(folders):
        (folder / "table.csv").touch()
        assert locate("table.csv").resolve() == folder / "table.csv"


def test_an_absolute_path_is_taken_as_it_is(folders, tmp_path):
    (tmp_path / "table.csv").touch()
    assert locate(str(tmp_path / "table.csv")) == tmp_path / "table.csv"


def test_a_known_set_is_not_a_folder_of_that_name_nearby(folders):
    here, _, cache = folders
    for folder in (here, cache):
        (folder / "mnist").mkdir()
    assert locate("mnist") == cache / "mnist"


def test_what_is_missing_says_where_it_looked_and_how_to_get_it(folders):
    _, named, cache = folders
    with pytest.raises(DataError) as error:
        locate("mnist")
    for part in (str(named / "mnist"), str(cache / "mnist"), "fbp data fetch mnist", "FBP_DATA"):
        assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_of_a_known_set_says_how_to_get_it(folders):
    with pytest.raises(DataError, match="fbp data fetch seeds"):
        locate("seeds/seeds_dataset.txt")


def test_an_unknown_file_is_not_to_be_fetched(folders):
    with pytest.raises(DataError) as error:
        locate("mine/table.csv")
    assert "fetch" not in str(error.value)


def test_no_path_at_all(folders):
    with pytest.raises(DataError, match=r"data\.path"):
        locate("")
