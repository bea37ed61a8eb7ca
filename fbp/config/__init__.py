"""A run's settings: read from TOML, checked, overridden, written back."""

from fbp.config.error import ConfigError
from fbp.config.read import read_config
from fbp.config.write import to_toml

__all__ = ["ConfigError", "read_config", "to_toml"]
