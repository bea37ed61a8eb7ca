"""Where data is: what FBP_DATA names, then the user's cache folder."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from fbp.data.dataset import DataError
from fbp.data.known import KNOWN


def cache_folder() -> Path:
    """Where `fbp data fetch` puts data sets, a folder each."""
    return platformdirs.user_cache_path("fbp") / "data"


def data_folders() -> tuple[Path, ...]:
    """The folders that are searched, first match first."""
    named = os.environ.get("FBP_DATA")
    return (Path(named), cache_folder()) if named else (cache_folder(),)


def locate(path: str) -> Path:
    """The file or folder `path`: as it is, else in FBP_DATA, else in the cache.

    A known data set is never looked for in the working folder under its bare name, so that a
    folder that happens to be called mnist is not taken for it. Raises DataError saying where it
    looked and how to get it.
    """
    if not path:
        raise DataError("no path to the data: set data.path, or data.folder, in the configuration")
    here = () if path in KNOWN else (Path(),)
    candidates = [folder / Path(path).expanduser() for folder in (*here, *data_folders())]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    name = Path(path).parts[0]
    get = f"`fbp data fetch {name}`, or " if name in KNOWN else ""
    looked = ", ".join(dict.fromkeys(str(candidate.absolute()) for candidate in candidates))
    raise DataError(f"no data at {looked}: {get}set FBP_DATA to a folder that holds {path}")
