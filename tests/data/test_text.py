"""Text: characters as ids, windows that are gathered where the text is, and bad files."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fbp.config.schema import Text
from fbp.data.dataset import DataError
from fbp.data.text import load_text
from fbp.data.windows import Windows


@pytest.fixture
def written(tmp_path):
    """Loads a text, given as a str or as bytes, with settings of [data]."""

    def load(text, **settings):
        path = tmp_path / "text.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_text(Text(path=str(path), **settings))

    return load


def test_ids_are_places_in_the_sorted_vocabulary_and_targets_come_next(written):
    data = written("banana\r\nä", length=3, validation_fraction=0.0)
    assert data.classes == ("\n", "\r", "a", "b", "n", "ä")
    assert (data.validation, data.test) == (None, None)
    inputs, targets = data.train
    np.testing.assert_array_equal(inputs[:2], [[3, 2, 4], [2, 4, 2]])
    np.testing.assert_array_equal(targets[:2], [[2, 4, 2], [4, 2, 4]])
    assert len(inputs) == len(targets) == 6
    assert inputs[:].dtype == np.int32
    np.testing.assert_array_equal(targets[:][-1], [1, 0, 5])


def test_splits_follow_each_other_and_held_out_windows_do_not_overlap(written):
    text = "".join(chr(ord("a") + i % 26) for i in range(100))
    data = written(text, length=4, validation_fraction=0.2, test_fraction=0.1)
    places = {
        name: np.asarray(getattr(data, name).inputs[:])[:, 0] for name in ("validation", "test")
    }
    np.testing.assert_array_equal(places["validation"], np.arange(70, 87, 4)[:4] % 26)
    np.testing.assert_array_equal(places["test"], np.arange(90, 98, 4) % 26)
    assert len(data.train.inputs) == 70 - 4
    assert (np.asarray(data.train.targets[:])[-1, -1]) == 69 % 26


def test_an_epoch_sees_the_text_once_unless_told_otherwise(written):
    assert written("ab" * 50, length=5).train_stride == 5
    assert written("ab" * 50, length=5, stride=7).train_stride == 7


def test_windows_are_those_of_numpy_here_and_on_the_device():
    tokens = np.arange(20, dtype=np.int32) ** 2
    for stride in (1, 3):
        windows = Windows(tokens, 4, stride)
        expected = np.lib.stride_tricks.sliding_window_view(tokens, 4)[::stride]
        assert windows.shape == expected.shape
        np.testing.assert_array_equal(windows, expected)
        np.testing.assert_array_equal(windows[1:3], expected[1:3])
        rows = jnp.array([[2, 0], [1, 2]])
        held = jax.tree.map(jnp.asarray, windows)
        gathered = jax.jit(lambda windows, rows: windows[rows])(held, rows)
        np.testing.assert_array_equal(gathered, expected[rows])


def test_the_device_holds_the_text_and_not_its_windows():
    windows = Windows(np.zeros(10_000, np.int32), 64)
    assert sum(leaf.nbytes for leaf in jax.tree.leaves(windows)) == windows.nbytes == 40_000


@pytest.mark.parametrize(
    ("text", "settings", "words"),
    [
        (b"\xff\xfe\x00", {}, "cannot be read as UTF-8 text"),
        ("", {}, "0 different characters"),
        ("aaaa", {}, "1 different characters"),
        ("abcd", {"length": 64}, r"train split has 3 characters; .* need 65"),
        ("ab" * 50, {"length": 20}, r"validation split has 10 characters; .* need 21"),
    ],
)
def test_a_text_that_cannot_serve_is_one_clear_line(written, text, settings, words):
    with pytest.raises(DataError, match=words) as caught:
        written(text, **settings)
    assert "\n" not in str(caught.value)


def test_shakespeare_is_split_as_nano_gpt_does(data_folder, monkeypatch):
    monkeypatch.setenv("FBP_DATA", str(data_folder))
    data = load_text(Text())
    assert len(data.classes) == 65
    assert len(data.train.inputs.tokens) == 1_003_854 - 1
    assert len(data.validation.inputs.tokens) == 111_540 - 1
    start = "".join(data.classes[i] for i in data.train.inputs[:1][0])
    assert start.startswith("First Citizen:\nBefore we proceed")
