"""The IDX format of MNIST, and data sets that are a folder of four such files.

A file is two zero bytes, a type code, the number of axes, each axis' length as a big-endian
uint32, then the values, last axis fastest. Source: http://yann.lecun.com/exdb/mnist, "the IDX file
format".
"""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fbp.config.schema import Idx, Mnist
from fbp.data.dataset import IN_MEMORY_BYTES, DataError, Dataset, Split, checked
from fbp.data.known import KNOWN
from fbp.data.location import locate
from fbp.data.scaling import ScaledBytes, Scaling

_DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MAX_AXES = 8  # more are a damaged header


def load_mnist(section: Mnist) -> Dataset:
    """MNIST, every file checked against its known checksum. inputs (n, 28, 28).

    The validation split is the last `validation` training images: 10000 of them is Nielsen's
    50000/10000/10000. Raises DataError, as load_idx does.
    """
    checksums = {file.name.removesuffix(".gz"): file.sha256 for file in KNOWN["mnist"].files}
    return _load("mnist", locate("mnist"), section.validation, section.divisor, checksums)


def load_idx(section: Idx) -> Dataset:
    """Any folder with training and test images and labels. inputs (n, ...).

    The classes are the labels of the training file, in order. Raises DataError for a file that is
    missing, damaged, or does not go with the others.
    """
    folder = locate(section.folder)
    return _load(folder.name, folder, section.validation, section.divisor, {})


def _load(
    name: str, folder: Path, validation: int, divisor: float, checksums: Mapping[str, str]
) -> Dataset:
    scaling = Scaling(scale=divisor)
    images, labels = _read_pair(folder, "train", checksums)
    test_images, test_labels = _read_pair(folder, "t10k|test", checksums)
    if test_images.shape[1:] != images.shape[1:]:
        raise DataError(
            f"{folder}: test images are {test_images.shape[1:]}, training images {images.shape[1:]}"
        )
    if 0 < validation >= len(images):
        raise DataError(
            f"{folder}: data.validation = {validation} leaves nothing of {len(images)} training"
            f" images; choose less"
        )
    names = np.unique(labels)
    inputs, targets = _scaled(images, scaling), _targets(folder, labels, names)
    last = len(images) - validation
    held_out = Split(_rows(inputs, last, len(images)), targets[last:]) if validation else None
    train = Split(_rows(inputs, 0, last), targets[:last])
    test = Split(_scaled(test_images, scaling), _targets(folder, test_labels, names))
    return checked(Dataset(name, train, held_out, test, tuple(map(str, names)), scaling))


def _scaled(images: np.ndarray, scaling: Scaling) -> np.ndarray | ScaledBytes:
    """Inputs in memory where they fit; else the bytes, which are a memory map if not gzipped."""
    large = images.dtype == np.uint8 and images.size * 4 > IN_MEMORY_BYTES
    return ScaledBytes(images, scaling) if large else scaling.apply(images)


def _rows(inputs: np.ndarray | ScaledBytes, start: int, stop: int) -> np.ndarray | ScaledBytes:
    return inputs[start:stop] if isinstance(inputs, np.ndarray) else inputs.rows(start, stop)


def _targets(folder: Path, labels: np.ndarray, names: np.ndarray) -> np.ndarray:
    unknown = np.setdiff1d(labels, names)
    if unknown.size:
        known = ", ".join(map(str, names))
        raise DataError(
            f"{folder}: test label {unknown[0]} is not among the training labels ({known})"
        )
    return np.searchsorted(names, labels).astype(np.int32)


def _read_pair(
    folder: Path, split: str, checksums: Mapping[str, str]
) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels of one split."""
    images_path, labels_path = (_find(folder, split, kind) for kind in ("images", "labels"))
    images, labels = (
        read_idx(path, checksums.get(path.name.removesuffix(".gz")))
        for path in (images_path, labels_path)
    )
    if labels.ndim != 1 or labels.dtype.kind not in "ui":
        raise DataError(f"{labels_path}: labels are {labels.dtype}{labels.shape}, not integers (n)")
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} has {len(images)} images, but {labels_path} {len(labels)} labels"
        )
    return images, labels


def _find(folder: Path, split: str, kind: str) -> Path:
    """The file of one split and kind; an uncompressed file is preferred to its gzip."""
    example = f"{split.split('|')[0]}-{kind}-idx{3 if kind == 'images' else 1}-ubyte"
    if not folder.is_dir():
        raise DataError(f"{folder}: not a folder; it should hold {example}.gz and three more files")
    pattern = re.compile(rf"(.*-)?({split})-{kind}[-.]idx\d-\w+(\.gz)?")
    found = sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name))
    if not found:
        raise DataError(f"{folder}: no file like {example} or {example}.gz")
    if len({path.name.removesuffix(".gz") for path in found}) > 1:
        names = ", ".join(path.name for path in found)
        raise DataError(f"{folder}: {names} could each be the {kind}; leave one in the folder")
    return found[0]


def read_idx(path: Path, sha256: str | None = None) -> np.ndarray:
    """The array in an IDX file, gzipped or not, in the file's own type; memory-mapped if not.

    sha256: of the decompressed file, checked if given. Raises DataError for a file that cannot be
    read, is no IDX file, is shorter or longer than its header says, or fails the checksum.
    """
    content = _content(path)
    if len(content) < 4 or content[0] or content[1] or content[2] not in _DTYPES:
        start = bytes(content[:4]).hex(" ") or "nothing"
        raise DataError(f"{path}: not an IDX file: starts with {start}, not with 00 00 08")
    axes = int(content[3])
    if not 1 <= axes <= _MAX_AXES:
        raise DataError(f"{path}: not an IDX file: {axes} axes, expected 1..{_MAX_AXES}")
    data = 4 + 4 * axes
    if len(content) < data:
        raise DataError(f"{path}: truncated: {len(content)} bytes, its header alone is {data}")
    shape = tuple(int(length) for length in np.frombuffer(content[4:data], ">u4"))
    dtype = np.dtype(_DTYPES[int(content[2])])
    expected = data + dtype.itemsize * int(np.prod(shape, dtype=object))
    if len(content) != expected:
        problem = "truncated" if len(content) < expected else "trailing bytes"
        raise DataError(
            f"{path}: {problem}: {len(content)} bytes, but its header says {shape}, {expected}"
        )
    if sha256 is not None and hashlib.sha256(content.data).hexdigest() != sha256:
        raise DataError(
            f"{path}: wrong checksum: the content is not the original; delete it and fetch it anew"
        )
    return content[data:].view(dtype).reshape(shape)


def _content(path: Path) -> np.ndarray:
    """The file's bytes, decompressed, or mapped if there is nothing to decompress."""
    try:
        if path.suffix != ".gz":
            size = path.stat().st_size
            return np.memmap(path, np.uint8, "r") if size else np.empty(0, np.uint8)
        with gzip.open(path) as file:
            return np.frombuffer(file.read(), np.uint8)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
