"""Inputs to predict from: arrays, tables and images from a file. No pickle is ever loaded."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import numpy as np

from fbp.data.dataset import DataError, check_finite
from fbp.data.scaling import Scaling
from fbp.data.table import read_table, to_numbers

_GREY = (0.299, 0.587, 0.114)  # luma of red, green, blue; ITU-R BT.601


def read_inputs(path: Path, shape: tuple[int, ...], scaling: Scaling) -> np.ndarray:
    """The examples in a npy, npz, csv (or txt, tsv) or PNG file, or a folder of PNGs, as inputs.

    Returns float32 (n, *shape). Floating arrays are inputs already. Integer arrays and tables hold
    raw values, as the data set's own files do, and `scaling`, the data set's, is applied. Images
    are made grey, white being scaling.white. Rows may be flat, and a single example needs no n; of
    a npz with several arrays the one called `inputs` is read. Raises DataError for a file that is
    missing, damaged, of another kind, of another shape, or not finite.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: no such file")
    kind = ".png" if path.is_dir() else path.suffix.lower()
    match kind:
        case ".npy" | ".npz":
            array = _read_array(path)
            inputs = array if array.dtype.kind == "f" else scaling.apply(array)
        case ".csv" | ".tsv" | ".txt":
            table = read_table(path)
            inputs = scaling.apply(to_numbers(table, range(len(table.rows[0]))))
        case ".png":
            files = sorted(path.glob("*.png")) if path.is_dir() else [path]
            if not files:
                raise DataError(f"{path}: no PNG in this folder")
            grey = np.stack([_read_png(file, shape) for file in files])
            inputs = scaling.apply(grey * scaling.white)
        case _:
            raise DataError(f"{path}: {kind or 'no suffix'}: expected .npy, .npz, .csv or .png")
    inputs = _shaped(path, inputs, shape).astype(np.float32, copy=False)
    check_finite(str(path), inputs)
    return inputs


def _read_array(path: Path) -> np.ndarray:
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            array = loaded
        else:
            with loaded:
                name = "inputs" if len(loaded.files) != 1 else loaded.files[0]
                if name not in loaded.files:
                    names = ", ".join(loaded.files) or "none"
                    raise DataError(f"{path}: no array called inputs; its arrays: {names}")
                array = loaded[name]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: cannot be read as an array of numbers: {error}") from error
    if array.dtype.kind not in "fiub":
        raise DataError(f"{path}: an array of {array.dtype}; expected numbers")
    return array


def _read_png(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """An image as grey levels in [0, 1] of the shape (height, width); its size has to fit."""
    if len(shape) != 2:
        raise DataError(f"{path}: an image, but the inputs have shape {shape}; give npy or csv")
    from matplotlib.image import imread  # slow to import

    try:
        image = imread(path, format="png")
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as a PNG: {error}") from error
    grey = image if image.ndim == 2 else image[..., :3] @ np.asarray(_GREY, image.dtype)
    if grey.shape != shape:
        raise DataError(
            f"{path}: {grey.shape[0]}x{grey.shape[1]} pixels, expected {shape[0]}x{shape[1]}"
        )
    return grey


def _shaped(path: Path, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """array as (n, *shape), if that is what it holds."""
    flat = (math.prod(shape),)
    if array.shape in (shape, flat):
        return array.reshape(1, *shape)
    if array.ndim and len(array) and array.shape[1:] in (shape, flat):
        return array.reshape(-1, *shape)
    raise DataError(f"{path}: shape {array.shape}, expected (n, {', '.join(map(str, shape))})")
