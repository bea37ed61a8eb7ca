"""The root of every error a user can cause; the command line prints one as a single line."""


class FbpError(Exception):
    """What went wrong, where, what was expected, and what to do."""
