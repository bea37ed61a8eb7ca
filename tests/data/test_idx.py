"""The IDX format, whole and damaged, and MNIST."""

import gzip
import shutil
import struct

import numpy as np
import pytest

from fbp.config.schema import Idx, Mnist
from fbp.data import DataError, idx, load
from fbp.data.idx import read_idx
from fbp.data.scaling import ScaledBytes

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (9, 4, 3)).astype(np.uint8)
LABELS = np.array([3, 5, 7, 3, 5, 7, 3, 5, 7], np.uint8)
FILES = {
    "train-images-idx3-ubyte": IMAGES,
    "train-labels-idx1-ubyte": LABELS,
    "t10k-images-idx3-ubyte": IMAGES[:4],
    "t10k-labels-idx1-ubyte": LABELS[:4],
}


def encode(array: np.ndarray, code: int = 0x08) -> bytes:
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.tobytes()


@pytest.fixture(params=["", ".gz"])
def folder(request, tmp_path):
    """A small data set, gzipped and not."""
    for name, array in FILES.items():
        content = encode(array)
        content = gzip.compress(content) if request.param else content
        (tmp_path / (name + request.param)).write_bytes(content)
    return tmp_path


def replace(folder, name: str, content: bytes) -> None:
    for path in folder.glob(name + "*"):
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def test_a_folder_of_four_files(folder):
    data = load(Idx(folder=str(folder), validation=2, divisor=256.0))
    scaled = IMAGES.astype(np.float32) / 256
    np.testing.assert_array_equal(data.train.inputs, scaled[:7], strict=True)
    np.testing.assert_array_equal(data.validation.inputs, scaled[7:], strict=True)
    np.testing.assert_array_equal(data.test.inputs, scaled[:4], strict=True)
    assert data.classes == ("3", "5", "7")
    np.testing.assert_array_equal(data.train.targets, np.int32([0, 1, 2, 0, 1, 2, 0]), strict=True)
    np.testing.assert_array_equal(data.validation.targets, [1, 2])


def test_what_does_not_fit_in_memory_stays_in_its_file(folder, monkeypatch):
    whole = load(Idx(folder=str(folder), validation=2))
    monkeypatch.setattr(idx, "IN_MEMORY_BYTES", 100)
    lazy = load(Idx(folder=str(folder), validation=2))
    for part in ("train", "validation", "test"):
        inputs = getattr(lazy, part).inputs
        assert isinstance(inputs, ScaledBytes)
        np.testing.assert_array_equal(inputs[:], getattr(whole, part).inputs, strict=True)


def test_an_uncompressed_file_is_mapped_and_preferred(tmp_path):
    path = tmp_path / "x-idx1-ubyte"
    path.write_bytes(encode(LABELS))
    assert isinstance(read_idx(path), np.memmap)


@pytest.mark.parametrize(("code", "dtype"), [(0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4")])
def test_wider_types_are_big_endian(tmp_path, code, dtype):
    values = np.array([[1, -2, 300]], dtype)
    path = tmp_path / "x"
    path.write_bytes(encode(values, code))
    np.testing.assert_array_equal(read_idx(path), [[1, -2, 300]])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not an IDX file: starts with nothing"),
        (b"\x89PNG\r\n\x1a\n", "not an IDX file: starts with 89 50 4e 47"),
        (b"\0\0\x07" + encode(IMAGES)[3:], "not an IDX file"),
        (b"\0\0\x08\0\x07", "not an IDX file: 0 axes"),
        (b"\0\0\x08\xff" + bytes(1020), "not an IDX file: 255 axes"),
        (encode(IMAGES)[:10], "truncated: 10 bytes, its header alone is 16"),
        (encode(IMAGES)[:-1], r"truncated: 123 bytes, .* \(9, 4, 3\), 124"),
        (encode(IMAGES) + b"\0", "trailing bytes: 125 bytes"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, *[2**32 - 1] * 3), "truncated: 16 bytes"),
    ],
)
def test_damaged_files(folder, content, problem):
    replace(folder, "train-images", content)
    with pytest.raises(DataError, match=rf"train-images\S*: {problem}"):
        load(Idx(folder=str(folder)))


@pytest.mark.parametrize("keep", [5, 60])
def test_a_gzip_file_that_ends_early(tmp_path, keep):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(encode(IMAGES))[:keep])
    with pytest.raises(DataError, match=r"x\.gz: cannot be read: .*end"):
        read_idx(path)


@pytest.mark.parametrize("place", [0, 10, 60])  # the magic number, the deflate header, the data
def test_a_gzip_file_with_a_flipped_byte(tmp_path, place):
    content = bytearray(gzip.compress(encode(IMAGES)))
    content[place] ^= 0xFF
    path = tmp_path / "x.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"x\.gz: cannot be read"):
        read_idx(path)


def test_images_and_labels_of_different_length(folder):
    replace(folder, "t10k-labels", encode(LABELS[:3]))
    with pytest.raises(DataError, match=r"4 images, but .*t10k-labels\S* 3 labels"):
        load(Idx(folder=str(folder)))


def test_images_where_labels_should_be(folder):
    replace(folder, "train-labels", encode(IMAGES))
    with pytest.raises(DataError, match=r"labels are uint8\(9, 4, 3\)"):
        load(Idx(folder=str(folder)))


def test_test_images_of_another_size(folder):
    replace(folder, "t10k-images", encode(IMAGES[:4, :3]))
    with pytest.raises(DataError, match=r"test images are \(3, 3\), training images \(4, 3\)"):
        load(Idx(folder=str(folder)))


def test_a_test_label_that_training_does_not_have(folder):
    replace(folder, "t10k-labels", encode(np.array([3, 4, 5, 7], np.uint8)))
    with pytest.raises(DataError, match=r"test label 4 .* \(3, 5, 7\)"):
        load(Idx(folder=str(folder)))


def test_validation_that_leaves_nothing_to_train_on(folder):
    with pytest.raises(DataError, match=r"data\.validation = 9 leaves nothing of 9"):
        load(Idx(folder=str(folder), validation=9))


@pytest.mark.parametrize("name", list(FILES))
def test_a_missing_file_is_named(folder, name):
    for path in folder.glob(name + "*"):
        path.unlink()
    with pytest.raises(DataError, match=rf"no file like {name} or {name}\.gz"):
        load(Idx(folder=str(folder)))


def test_no_images_at_all(folder):
    replace(folder, "train-images", encode(IMAGES[:0]))
    replace(folder, "train-labels", encode(LABELS[:0]))
    replace(folder, "t10k-labels", encode(LABELS[:0]))
    replace(folder, "t10k-images", encode(IMAGES[:0]))
    with pytest.raises(DataError, match="train split: empty"):
        load(Idx(folder=str(folder)))


def test_two_candidates_for_one_file(folder):
    (folder / "letters-train-images-idx3-ubyte").touch()
    with pytest.raises(DataError, match="could each be the images"):
        load(Idx(folder=str(folder)))


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "x").touch()
    with pytest.raises(DataError, match="not a folder"):
        load(Idx(folder=str(tmp_path / "x")))


def test_mnist_has_nielsens_split(data_folder):
    data = load(Mnist(divisor=256.0))
    raw = read_idx(data_folder / "mnist" / "train-images-idx3-ubyte.gz")
    labels = read_idx(data_folder / "mnist" / "train-labels-idx1-ubyte.gz")
    assert [len(s.targets) for s in (data.train, data.validation, data.test)] == [
        50000,
        10000,
        10000,
    ]
    np.testing.assert_array_equal(data.validation.targets, labels[-10000:])
    np.testing.assert_array_equal(data.validation.inputs[0], raw[50000] / np.float32(256))
    assert data.train.inputs.max() == 255 / 256
    assert data.train.targets[:5].tolist() == [5, 0, 4, 1, 9]  # the file's well-known start
    assert data.test.targets[:5].tolist() == [7, 2, 1, 0, 4]


def test_mnist_that_is_not_mnist(data_folder, tmp_path, monkeypatch):
    shutil.copytree(data_folder / "mnist", tmp_path / "mnist", copy_function=shutil.copyfile)
    (tmp_path / "mnist").chmod(0o755)
    path = tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[100] ^= 1  # still a label
    path.unlink()
    path.with_suffix("").write_bytes(content)
    monkeypatch.setenv("FBP_DATA", str(tmp_path))
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte: wrong checksum"):
        load(Mnist())
