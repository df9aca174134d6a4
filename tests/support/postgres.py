"""A real PostgreSQL server on loopback, with a data folder and port of its own; as root, it runs as another user."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

BINARIES = Path("/usr/lib/postgresql/15/bin")
IS_INSTALLED = (BINARIES / "initdb").is_file()
PASSWORD = "p@ss/word:1"
# Nothing of a test outlives the machine.
OPTIONS = "-c fsync=off -c full_page_writes=off -c shared_buffers=64MB -c max_prepared_transactions=4"


@dataclass
class PostgresServer:
    """A running server.

    Args:
        folder: Its data and logs.
        options: Further options of the server.
        database: Where statements run.
    """

    folder: Path
    port: int
    options: str = ""
    database: str = "postgres"
    _prefix: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """URL of its superuser."""
        return self.url_of("postgres")

    def of_database(self, name: str) -> "PostgresServer":
        """The same server, for statements in another database."""
        return replace(self, database=name)

    def url_of(self, user: str, password: str = PASSWORD) -> str:
        """URL of a user."""
        quoted = password.replace("@", "%40").replace("/", "%2F").replace(":", "%3A")
        return f"postgresql://{user}:{quoted}@127.0.0.1:{self.port}/{self.database}"

    def start(self) -> None:
        """Start it; returns when it answers."""
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} {OPTIONS} {self.options}"
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-o", options, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `immediate` as a crash does."""
        self._run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    def create(self) -> None:
        """Make the data folder."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run(
            "initdb",
            "--no-sync",
            "-A",
            "scram-sha-256",
            f"--pwfile={secret}",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-D",
            str(self.data),
        )

    def execute(self, *statements: str, user: str = "postgres") -> list[tuple]:
        """Run statements, each in its own transaction; returns the rows of the last one."""
        import adbc_driver_postgresql.dbapi as adbc

        with adbc.connect(f"{self.url_of(user)}?sslmode=disable", autocommit=True) as session, session.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def session(self) -> Iterator[object]:
        """A connection with transactions of its own."""
        import adbc_driver_postgresql.dbapi as adbc

        with adbc.connect(f"{self.url}?sslmode=disable") as session:
            yield session

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._prefix, str(BINARIES / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60, cwd=self.folder)


@contextmanager
def postgres_server(options: str = "") -> Iterator[PostgresServer]:
    """A fresh server, ended with its data."""
    folder = Path(tempfile.mkdtemp(prefix="lakeward-postgres-"))
    prefix = []
    if os.geteuid() == 0:  # the server does not run as root
        user = next((name for name in ("postgres", "nobody") if _has_user(name)), "nobody")
        shutil.chown(folder, user)
        prefix = ["runuser", "-u", user, "--"]
    server = PostgresServer(folder, _free_port(), options, _prefix=prefix)
    try:
        server.create()
        server.start()
        yield server
    finally:
        if (server.data / "postmaster.pid").is_file():
            server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _has_user(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
