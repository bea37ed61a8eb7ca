"""The data sets that `fbp data fetch` knows: their files, checksums and public mirrors.

A checksum is of a file's content: of what is inside a gzip file, which each mirror compressed in
its own way, and of the numbers of the UCI table, whose copies differ in white space.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple


def numbers(content: bytes) -> bytes:
    """A table of numbers in one spelling: tabs between columns, no needless zeros."""
    rows = content.decode("ascii").splitlines()
    return "".join(
        "\t".join(f"{float(cell):g}" for cell in row.split()) + "\n" for row in rows
    ).encode()


class KnownFile(NamedTuple):
    """A file's name in its folder, the SHA-256 of content(bytes), and where to get it, in order.

    content raises EOFError, OSError, ValueError or zlib.error where it cannot read the bytes.
    """

    name: str
    sha256: str
    urls: tuple[str, ...]
    content: Callable[[bytes], bytes] = bytes

    def matches(self, raw: bytes) -> bool:
        """Whether the bytes are this file's. Raises what `content` raises."""
        return hashlib.sha256(self.content(raw)).hexdigest() == self.sha256


class KnownSet(NamedTuple):
    """A data set: a folder of files."""

    name: str
    about: str
    files: tuple[KnownFile, ...]


_MNIST_MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)


def _mnist(name: str, sha256: str) -> KnownFile:
    urls = tuple(mirror + name for mirror in _MNIST_MIRRORS)
    return KnownFile(name, sha256, urls, gzip.decompress)


_SETS = (
    KnownSet(
        "mnist",
        "70000 handwritten digits, 28x28 (LeCun, Cortes, Burges)",
        (
            _mnist(
                "train-images-idx3-ubyte.gz",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            _mnist(
                "train-labels-idx1-ubyte.gz",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            _mnist(
                "t10k-images-idx3-ubyte.gz",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            _mnist(
                "t10k-labels-idx1-ubyte.gz",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
    ),
    KnownSet(
        "seeds",
        "210 wheat kernels, 7 measurements, 3 varieties (UCI), and 140 of 2 varieties",
        (
            KnownFile(
                "seeds_dataset.txt",
                "aaef0c431a20decaa16e8d1cd2ffa3586e13be2e1ad8f39cfe7e9352fe080d1e",
                (
                    "https://archive.ics.uci.edu/ml/machine-learning-databases/00236/"
                    "seeds_dataset.txt",
                ),
                numbers,
            ),
            KnownFile(
                "wheat-seeds-binary.csv",
                "a3d7d852e5f03f842cea04de2e00a06e8f260c9675a9ab8cb9f5469827910754",
                (
                    "https://raw.githubusercontent.com/pranavbudhwant/backpropagation-in-numpy/"
                    "4a370c3207dfceeaa15793466c26533c68b1bab6/wheat-seeds-binary.csv",
                ),
            ),
        ),
    ),
    KnownSet(
        "text",
        "the works of Shakespeare, 1.1 MB of characters (Karpathy)",
        (
            KnownFile(
                "tinyshakespeare.txt",
                "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
                (
                    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/"
                    "tinyshakespeare/input.txt",
                ),
            ),
        ),
    ),
)

KNOWN: Mapping[str, KnownSet] = MappingProxyType({known.name: known for known in _SETS})
