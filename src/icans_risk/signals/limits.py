"""What a worker may use, held by the operating system where it can be."""

import math
from dataclasses import dataclass

__all__ = ["Limits", "confine", "renew_time"]

_GIB = 2**30
_OPEN_FILES = 64


@dataclass(frozen=True)
class Limits:
    """What one worker may use.

    Attributes
    ----------
    memory_gib : float
        Address space, which is what can be limited, and some more than the memory in use.
    seconds : float
        For one file: of processor time by the operating system, of the clock by the parent.
    files : int
        After so many files a worker is replaced, whatever it holds by then.
    """

    memory_gib: float = 2.0
    seconds: float = 600.0
    files: int = 100


def confine(limits: Limits) -> None:
    """Limit this process for good: its memory, what it may write, and its open files.

    It cannot write to any file, and if it breaks down it leaves no image of its memory,
    in which the recording would stand. Where the system knows no such limits (Windows) the
    parent's clock is the only one.
    """
    try:
        import resource
    except ImportError:
        return
    memory = int(limits.memory_gib * _GIB)
    wanted = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
    }
    for kind, limit in wanted.items():
        hard = resource.getrlimit(kind)[1]
        ceiling = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (ceiling, ceiling))


def renew_time(limits: Limits) -> None:
    """Grant this process the time for one more file, counted from now."""
    try:
        import resource
    except ImportError:
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = math.ceil(usage.ru_utime + usage.ru_stime + limits.seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
