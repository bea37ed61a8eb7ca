"""The sections of a configuration, a file each; fbp.config.schema has them all."""
