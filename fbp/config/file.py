"""A TOML file as a table."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from fbp.config.error import ConfigError, nearest

SHIPPED = Path("configs")


def load(path: Path) -> dict[str, Any]:
    """The table in `path`. Raises ConfigError: no such file, unreadable, or not TOML."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"there is no config file {path}{_near(path)}") from None
    except OSError as error:
        raise ConfigError(f"cannot read the config file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not a TOML file: it is not text in UTF-8") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        lines = text.splitlines() or [""]
        end = f"at line {len(lines)}, column {len(lines[-1]) + 1}"
        problem = str(error).replace("at end of document", end)
        raise ConfigError(f"{path} is not a TOML file: {problem}") from None


def _near(path: Path) -> str:
    """The config whose name is nearest, in the same folder or shipped, or all that ship."""
    shipped = sorted(SHIPPED.glob("*.toml"))
    found = {p.stem: p for p in (*path.parent.glob("*.toml"), *shipped)}
    near = nearest(path.stem, found)
    if near is not None:
        return f"; did you mean {found[near]}?"
    return f"; there are {', '.join(map(str, shipped))}" if shipped else ""
