"""Which commit a table was made from."""

import subprocess

__all__ = ["current_commit"]


def current_commit() -> str:
    """Return the short hash of the commit that is checked out."""
    return subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
