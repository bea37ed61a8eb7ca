"""The report, written into the run folder it is about."""

from __future__ import annotations

import os
from pathlib import Path

from fbp.train.run_folder import RunFolderError

REPORT = "report.html"


def write_report(run_dir: Path) -> Path:
    """Writes report.html into the run folder, as a whole or not at all, and returns its path.

    Raises RunFolderError or CheckpointError for a folder that holds no finished epoch, or cannot
    be written.
    """
    # Slow to import, and only needed here.
    from fbp.report.collect import collect
    from fbp.report.page import render

    page = render(collect(run_dir))
    path = run_dir / REPORT
    unfinished = path.with_suffix(".tmp")
    try:
        unfinished.write_text(page, encoding="utf-8")
        os.replace(unfinished, path)
    except OSError as error:
        raise RunFolderError(f"cannot write the report {path}: {error.strerror}") from error
    return path
