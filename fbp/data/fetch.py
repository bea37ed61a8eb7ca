"""Getting a known data set from its mirrors."""

from __future__ import annotations

import http.client
import os
import tempfile
import urllib.request
import zlib
from pathlib import Path

from fbp.data.dataset import DataError
from fbp.data.known import KnownFile, KnownSet

_TIMEOUT = 30  # seconds without a byte


def fetch(known: KnownSet, folder: Path) -> Path:
    """Puts the set's files into folder/NAME, which is returned; files that are there are kept.

    A file appears under its name only whole and with the right checksum. Mirrors are tried in
    order. Raises DataError, with what each mirror said, if none has the file, or if the folder
    cannot be written.
    """
    target = folder / known.name
    try:
        target.mkdir(parents=True, exist_ok=True)
        for file in known.files:
            path = target / file.name
            if not (path.is_file() and _problem(file, path.read_bytes()) is None):
                _write_whole(path, _download(known, file))
    except OSError as error:
        raise DataError(f"{target}: cannot be written: {error}") from error
    return target


def _download(known: KnownSet, file: KnownFile) -> bytes:
    """The file's bytes from the first mirror that has them."""
    problems = []
    for url in file.urls:
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT) as response:
                raw = response.read()
            problem = _problem(file, raw)
        except (OSError, http.client.HTTPException) as error:
            problem = str(getattr(error, "reason", error)) or type(error).__name__
        if problem is None:
            return raw
        problems.append(f"{url}: {problem}")
    raise DataError(
        f"{file.name} could not be fetched ({'; '.join(problems)}); try again online, or put it at"
        f" {known.name}/{file.name} in a folder and set FBP_DATA to that folder"
    )


def _problem(file: KnownFile, raw: bytes) -> str | None:
    """Why these bytes are not the file, or None."""
    try:
        return None if file.matches(raw) else f"wrong checksum ({len(raw)} bytes)"
    except (OSError, EOFError, ValueError, zlib.error) as error:
        return f"damaged ({len(raw)} bytes): {error}"


def _write_whole(path: Path, raw: bytes) -> None:
    """Writes beside the path and renames, so that the path never names part of a file."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
