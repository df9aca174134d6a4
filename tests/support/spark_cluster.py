"""A real standalone cluster of Spark on this machine's loopback, from pyspark's own wheel; and drivers in processes of their own."""

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any, Self
from urllib.request import urlopen

from lakeward.core.errors import LakewardError
from lakeward.core.settings import SPARK, Settings
from lakeward.engines.delta import commits
from lakeward.flows import curate_dataset, ingest_dataset
from lakeward.flows.base.batch_context import BatchStep

SPAWN = multiprocessing.get_context("spawn")
# Its import takes a quarter of a second of every run of the tests.
HOME = Path(find_spec("pyspark").origin).parent
LOOPBACK = "127.0.0.1"
# A JVM takes 2 s to start on a quiet machine; a busy one may need many times that.
SECONDS = 240
# Small enough for one machine with two executors and a driver; the rest as a user would have it.
CONF = {
    "spark.driver.host": LOOPBACK,
    "spark.driver.bindAddress": LOOPBACK,
    "spark.ui.enabled": "false",
    "spark.executor.memory": "512m",
    "spark.driver.memory": "512m",
    "spark.sql.shuffle.partitions": "2",
    # Java's second compiler pays back after minutes only.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}
ENVIRON = {"SPARK_HOME": str(HOME), "SPARK_LOCAL_IP": LOOPBACK, "SPARK_DAEMON_MEMORY": "256m"}
# A process that is started so ends with ours, however ours ends.
DIE_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")
EXECUTOR = b"CoarseGrainedExecutorBackend"


@dataclass
class Cluster:
    """A master and its workers, as process groups; executors are in the groups of their workers."""

    master: str
    page: str
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("w") as log:
            command = [*DIE_WITH_PARENT, str(HOME / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *words]
            environ = {**os.environ, **ENVIRON}  # noqa: TID251  (a JVM needs the machine's own, such as JAVA_HOME)
            self.processes.append(subprocess.Popen(command, env=environ, stdout=log, stderr=log, start_new_session=True))

    def workers(self) -> int:
        """How many the master knows alive; 0 while it does not answer."""
        try:
            with urlopen(f"{self.page}/json/", timeout=5) as answer:
                return int(json.load(answer)["aliveworkers"])
        except (OSError, json.JSONDecodeError):  # it listens before it has anything to say
            return 0

    def executors(self) -> list[int]:
        """Their processes."""
        groups = {process.pid for process in self.processes}
        return [pid for pid in pids() if command_of(pid).count(EXECUTOR) and group_of(pid) in groups]

    def settings(self, settings: Settings, **conf: str) -> Settings:
        """The same call on this cluster; names of Spark's settings have `__` for a dot."""
        given = CONF | {name.replace("__", "."): value for name, value in conf.items()}
        return replace(settings, engine=SPARK, spark=replace(Settings.load().spark, master=self.master, conf=given))

    def stop(self) -> None:
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        wait_until(lambda: not self.executors())


@contextmanager
def cluster(folder: Path, workers: int = 2, memory: str = "1g") -> Iterator[Cluster]:
    """A master and workers of one core each; whatever happens, all their processes end with the block."""
    port, page = free_port(), free_port()
    made = Cluster(f"spark://{LOOPBACK}:{port}", f"http://{LOOPBACK}:{page}", folder)
    host = ("--host", LOOPBACK)
    try:
        made.start("master.Master", *host, "--port", str(port), "--webui-port", str(page))
        wait_until(lambda: is_listening(port))
        for number in range(workers):
            own = ("--cores", "1", "--memory", memory, "--work-dir", str(folder / f"work{number}"), "--webui-port", "0")
            made.start("worker.Worker", *host, *own, made.master)
        wait_until(lambda: made.workers() == workers)
        yield made
    finally:
        made.stop()


class Driver:
    """A flow in a process of its own, since a process has one Spark; it and its JVM end with the block."""

    def __init__(self, flow: Callable[..., Any], *args: object) -> None:
        self._answers, sent = SPAWN.Pipe(duplex=False)
        self._process = SPAWN.Process(target=_run_driver, args=(sent, flow, args))
        self._process.start()
        sent.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        wait_until(lambda: not any(group_of(pid) == self._process.pid for pid in pids()))

    def has_ended(self) -> bool:
        """Whether it answered, or was killed."""
        return self._answers.poll()

    def answer(self) -> Any:
        """What the flow returned, or the code and the text of the error that it ended with.

        Raises:
            EOFError: It was killed.
        """
        return self._answers.recv()


def drive(flow: Callable[..., Any], *args: object) -> Any:
    """What one flow returns."""
    with Driver(flow, *args) as driver:
        return driver.answer()


def _run_driver(sent: Any, flow: Callable[..., Any], args: Sequence[object]) -> None:
    os.setsid()
    try:
        sent.send(flow(*args))
    except LakewardError as error:
        sent.send((error.code, str(error)))


def ingest_and_curate(settings: Settings, *gold: str) -> dict[str, int]:
    """Ingest the test plant's dataset, and curate what is made of it; the counts of the batches."""
    counts = ingest_dataset(settings, "press_line").counts.as_dict()
    for name in gold:
        curate_dataset(settings, name)
    return counts


def ingest_from_folder(folder: Path, settings: Settings) -> dict[str, int]:
    """`take`, from that working folder."""
    os.chdir(folder)
    return ingest_and_curate(settings)


def die_at(settings: Settings, step: BatchStep) -> None:
    """Ingest, and die without a word after the step."""

    def die(reached: BatchStep) -> None:
        if reached is step:
            os.kill(os.getpid(), signal.SIGKILL)

    ingest_dataset(settings, "press_line", on_step=die)


def die_before_commit(settings: Settings, layer: str) -> None:
    """Ingest, and die when the data files of the layer's table are written, and the commit that would name them is not."""

    def die(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is commits.commit.__code__ and frame.f_locals["folder"].parent.name == layer:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(die)
    ingest_dataset(settings, "press_line")


def pids() -> list[int]:
    """Every process of the machine."""
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def command_of(pid: int) -> bytes:
    """Its command line; empty for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def group_of(pid: int) -> int:
    """Its process group; 0 for one that has ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if status[0] == "Z" else int(status[2])


def writes_below(pid: int, folder: Path) -> bool:
    """Whether the process has a file below the folder open."""
    try:
        return any(fd.readlink().is_relative_to(folder) for fd in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def wait_until(condition: Callable[[], Any]) -> Any:
    """The first true answer.

    Raises:
        TimeoutError: None came.
    """
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.01)
    raise TimeoutError(f"nothing after {SECONDS} s")


def free_port() -> int:
    """A free port."""
    with socket.socket() as bound:
        bound.bind((LOOPBACK, 0))
        return int(bound.getsockname()[1])


def is_listening(port: int) -> bool:
    """Whether a process listens."""
    with socket.socket() as knocking:
        return knocking.connect_ex((LOOPBACK, port)) == 0
