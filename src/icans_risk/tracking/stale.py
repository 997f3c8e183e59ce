"""Runs that a kill left open: the next process of this machine that logs a run closes them."""

import hashlib
import os
import socket
from pathlib import Path
from typing import Any

from icans_risk.tracking.client import each

__all__ = ["OWNER", "close_stale_runs", "owner"]

# Machine, process and its start: by these a run's own process is told from a later one.
OWNER = "icans_risk.process"


def owner() -> str:
    """Say which process this is."""
    return _owner(os.getpid())


def close_stale_runs(client: Any, experiment_id: str) -> int:
    """Mark runs as killed whose process, of this machine, is no longer there.

    Runs of other machines, and of programs other than this one, are left as they are.

    Parameters
    ----------
    client : MlflowClient
        Of the store.
    experiment_id : str
        The experiment to look through.

    Returns
    -------
    int
        How many were closed.
    """
    stale = [
        run.info.run_id
        for run in each(
            client.search_runs,
            experiment_ids=[experiment_id],
            filter_string="attributes.status = 'RUNNING'",
        )
        if _is_gone(run.data.tags.get(OWNER, ""))
    ]
    for run_id in stale:
        client.set_tag(run_id, "stale", "its process ended without closing it")
        client.set_terminated(run_id, "KILLED")
    return len(stale)


def _owner(pid: int) -> str:
    return f"{_machine()} {pid} {_started(pid)}"


def _machine() -> str:
    # A machine is often named after who uses it.
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:16]


def _is_gone(tag: str) -> bool:
    host, _, rest = tag.partition(" ")
    pid = rest.partition(" ")[0]
    if host != _machine() or not pid.isdigit():
        return False
    return not _is_there(int(pid)) or tag != _owner(int(pid))


def _is_there(pid: int) -> bool:
    if os.name != "posix":
        # Elsewhere, asking for a process by this call would end it.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: int) -> str:
    """Say when a process started, in ticks of the kernel's clock; a dash where it does not tell."""
    try:
        # The name of the program, in brackets, may hold anything; the start is 20 fields after it.
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError, UnicodeDecodeError):
        return "-"
