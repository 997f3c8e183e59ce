"""A PostgreSQL server of the tests' own: private, on the loopback address, gone afterwards."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Server", "running_server", "which"]

# Debian keeps the programs of a server out of the path.
_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_USER = "icans"


def which(program: str) -> str | None:
    """Find a program on the path, or where Debian keeps those of PostgreSQL."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, _PLACES)])
    return shutil.which(program, path=path)


@dataclass(frozen=True)
class Server:
    """A running server, whose one user has to give a password."""

    port: int
    password: str
    passfile: Path

    def new_database(self) -> str:
        """Make an empty database; return its address without the password."""
        import psycopg

        name = f"runs_{secrets.token_hex(4)}"
        with psycopg.connect(self._plain("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://{_USER}@127.0.0.1:{self.port}/{name}"

    def with_password(self, uri: str) -> str:
        """Write the password into an address."""
        return uri.replace(f"{_USER}@", f"{_USER}:{self.password}@")

    def query(self, uri: str, statement: str) -> list[tuple[object, ...]]:
        """Ask a database directly."""
        import psycopg

        with psycopg.connect(self._plain(uri.rpartition("/")[2])) as connection:
            return connection.execute(statement).fetchall()

    def _plain(self, database: str) -> str:
        return f"postgresql://{_USER}:{self.password}@127.0.0.1:{self.port}/{database}"


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server in a folder of its own, and take both away."""
    home = Path(tempfile.mkdtemp(prefix="icans-risk-postgresql-"))
    # Written and forgotten with the folder.
    password = secrets.token_urlsafe(12)
    port = _free_port()
    passfile = home / "passfile"
    passfile.write_text(f"127.0.0.1:{port}:*:{_USER}:{password}\n")
    passfile.chmod(0o600)
    (home / "password").write_text(password)
    # PostgreSQL refuses to run as root, who lends it the user that Debian made for it.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        for owned in (home, home / "password"):
            shutil.chown(owned, "postgres")
    data = home / "data"
    settings = f"-F -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home}"
    control = [*as_user, str(which("pg_ctl")), "--pgdata", str(data), "--wait", "--silent"]
    try:
        _call(
            *as_user, str(which("initdb")), "--pgdata", str(data), "--username", _USER,
            "--auth", "scram-sha-256", "--pwfile", str(home / "password"), "--no-sync",
            "--encoding", "UTF8", "--locale", "C",
        )  # fmt: skip
        _call(*control, "--log", str(home / "log"), "--options", settings, "start")
        try:
            yield Server(port, password, passfile)
        finally:
            _call(*control, "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(home)


def _call(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
