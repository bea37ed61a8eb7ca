"""Files to predict from."""

import numpy as np
import pytest
from PIL import Image

from fbp.data.dataset import DataError
from fbp.data.inputs import read_inputs
from fbp.data.scaling import Scaling

SHAPE = (2, 3)
EXAMPLES = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
SCALING = Scaling(scale=16.0, white=16.0)


@pytest.mark.parametrize("shape", [(4, 2, 3), (4, 6)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, ">f4"])
def test_floats_are_inputs_already(tmp_path, shape, dtype):
    np.save(tmp_path / "x.npy", EXAMPLES.reshape(shape).astype(dtype))
    inputs = read_inputs(tmp_path / "x.npy", SHAPE, SCALING)
    np.testing.assert_array_equal(inputs, EXAMPLES, strict=True)


def test_integers_are_raw_values(tmp_path):
    np.save(tmp_path / "x.npy", EXAMPLES.astype(np.uint8))
    np.testing.assert_array_equal(read_inputs(tmp_path / "x.npy", SHAPE, SCALING), EXAMPLES / 16)


def test_one_example_needs_no_batch_axis(tmp_path):
    np.save(tmp_path / "x.npy", EXAMPLES[0])
    np.testing.assert_array_equal(read_inputs(tmp_path / "x.npy", SHAPE, SCALING), EXAMPLES[:1])


def test_the_only_array_of_a_npz_or_the_one_called_inputs(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, anything=EXAMPLES)
    np.testing.assert_array_equal(read_inputs(path, SHAPE, SCALING), EXAMPLES)
    np.savez(path, labels=np.zeros(4), inputs=EXAMPLES)
    np.testing.assert_array_equal(read_inputs(path, SHAPE, SCALING), EXAMPLES)
    np.savez(path, labels=np.zeros(4), images=EXAMPLES)
    with pytest.raises(DataError, match="no array called inputs; its arrays: labels, images"):
        read_inputs(path, SHAPE, SCALING)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_no_pickle_is_loaded(tmp_path, suffix):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").touch, ())

    array, path = np.array([Trap()], dtype=object), tmp_path / f"x{suffix}"
    if suffix == ".npy":
        np.save(path, array)
    else:
        np.savez(path, inputs=array)
    with pytest.raises(DataError, match="cannot be read as an array of numbers"):
        read_inputs(path, SHAPE, SCALING)
    assert not (tmp_path / "sprung").exists()


def test_a_table_of_raw_values(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,10\n3,30\n")
    scaling = Scaling(np.array([1.0, 10.0]), np.array([2.0, 5.0]))
    np.testing.assert_array_equal(
        read_inputs(path, (2,), scaling), np.float32([[0, 0], [1, 4]]), strict=True
    )


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_images_become_grey(tmp_path, mode):
    grey = np.array([[0, 51, 102], [153, 204, 255]], np.uint8)
    Image.fromarray(grey).convert(mode).save(tmp_path / "x.png")
    inputs = read_inputs(tmp_path / "x.png", SHAPE, SCALING)
    assert inputs.dtype == np.float32
    np.testing.assert_allclose(inputs, grey[None] / 255, atol=1e-6)


def test_colours_have_different_weights(tmp_path):
    Image.fromarray(255 * np.eye(3, dtype=np.uint8)[None]).save(tmp_path / "x.png")
    inputs = read_inputs(tmp_path / "x.png", (1, 3), SCALING)
    np.testing.assert_allclose(inputs, [[[0.299, 0.587, 0.114]]], atol=1e-6)


def test_a_folder_of_images_in_order_of_their_names(tmp_path):
    for i in (2, 0, 1):
        Image.fromarray(np.full(SHAPE, 100 * i, np.uint8)).save(tmp_path / f"{i}.png")
    inputs = read_inputs(tmp_path, SHAPE, SCALING)
    np.testing.assert_allclose(inputs[:, 0, 0], np.array([0, 100, 200]) / 255, atol=1e-6)


def test_an_image_of_another_size(tmp_path):
    Image.fromarray(np.zeros((3, 2), np.uint8)).save(tmp_path / "x.png")
    with pytest.raises(DataError, match=r"x\.png: 3x2 pixels, expected 2x3"):
        read_inputs(tmp_path / "x.png", SHAPE, SCALING)


def test_an_image_where_the_inputs_are_none(tmp_path):
    Image.fromarray(np.zeros((3, 2), np.uint8)).save(tmp_path / "x.png")
    with pytest.raises(DataError, match=r"an image, but the inputs have shape \(6,\)"):
        read_inputs(tmp_path / "x.png", (6,), SCALING)


@pytest.mark.parametrize("shape", [(), (4,), (4, 3, 2), (0, 2, 3), (4, 2, 3, 1)])
def test_arrays_of_another_shape(tmp_path, shape):
    np.save(tmp_path / "x.npy", np.zeros(shape, np.float32))
    with pytest.raises(DataError, match=r"expected \(n, 2, 3\)"):
        read_inputs(tmp_path / "x.npy", SHAPE, SCALING)


def test_a_value_that_is_not_finite_names_its_row(tmp_path):
    examples = EXAMPLES.copy()
    examples[3, 0, 1] = np.nan
    np.save(tmp_path / "x.npy", examples)
    with pytest.raises(DataError, match=r"x\.npy, row 3: inputs hold nan"):
        read_inputs(tmp_path / "x.npy", SHAPE, SCALING)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("x.npy", b"nonsense", "cannot be read as an array"),
        ("x.npy", b"", "cannot be read as an array"),
        ("x.npz", b"PK\x03\x04nonsense", "cannot be read as an array"),
        ("x.png", b"nonsense", "cannot be read as a PNG"),
        ("x.png", b"\x89PNG\r\n\x1a\nnonsense", "cannot be read as a PNG"),
        ("x.csv", b"1,2\n3,x\n", "line 2"),
        ("x.pkl", b"", r"\.pkl: expected \.npy"),
        ("x", b"", "no suffix"),
    ],
)
def test_files_that_hold_something_else(tmp_path, name, content, problem):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=problem) as error:
        read_inputs(tmp_path / name, SHAPE, SCALING)
    assert name in str(error.value)


def test_an_array_of_text(tmp_path):
    np.save(tmp_path / "x.npy", np.array(["a", "b"]))
    with pytest.raises(DataError, match=r"an array of <U1; expected numbers"):
        read_inputs(tmp_path / "x.npy", SHAPE, SCALING)


def test_nothing_there(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_inputs(tmp_path / "x.npy", SHAPE, SCALING)
    with pytest.raises(DataError, match="no PNG"):
        read_inputs(tmp_path, SHAPE, SCALING)
