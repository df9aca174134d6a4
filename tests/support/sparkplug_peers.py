"""Edges and a decoder of Sparkplug B by other people's hands, in processes of their own."""

import json
import os
import shutil
import subprocess
import threading
from collections import Counter
from pathlib import Path

import pytest

# Folder with node_modules/sparkplug-client, and folder with the jars of Tahu's edge (tests/README.md).
MODULES, JARS = "TEST_SPARKPLUG_CLIENT", "TEST_TAHU_JARS"
SUPPORT = Path(__file__).parent
QUIET = '<configuration><root level="WARN"/></configuration>'


class Peer:
    """A process that takes a line per command, and answers with words."""

    def __init__(self, folder: Path, command: list[str], environ: dict[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = (folder / "peer.log").open("ab")
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **environ},  # noqa: TID251
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._heard: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def say(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        self.wait_for("done")

    def wait_for(self, word: str) -> None:
        """Take one of these words; each that was written counts once."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._heard[word], 90), (word, self._log.name)
            self._heard[word] -= 1

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._changed:
                self._heard[line.strip()] += 1
                self._changed.notify_all()

    def kill(self) -> None:
        self.process.kill()
        self._close()

    def stop(self) -> None:
        self._close()

    def _close(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(20)
        self._listener.join(20)
        self.process.stdout.close()
        self._log.close()


def modules() -> str:
    folder = os.environ.get(MODULES)  # noqa: TID251
    if not folder or not shutil.which("node"):
        pytest.skip(f"{MODULES} names no folder with sparkplug-client, or node is missing (tests/README.md)")
    return f"{folder}/node_modules"


def client_edge(folder: Path, port: int) -> Peer:
    """The edge of npm sparkplug-client: names in every message, no aliases."""
    peer = Peer(folder, ["node", str(SUPPORT / "sparkplug_edge.js"), str(port), "N", "npm"], {"NODE_PATH": modules()})
    peer.wait_for("ready")
    return peer


def tahu_edge(folder: Path, port: int, host: str = "-") -> Peer:
    """The edge of Eclipse Tahu: aliases alone in data; it may wait for a host."""
    jars = os.environ.get(JARS)  # noqa: TID251
    if not jars or not shutil.which("java"):
        pytest.skip(f"{JARS} names no folder with Tahu's jars, or java is missing (tests/README.md)")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "logback.xml").write_text(QUIET)
    source = SUPPORT / "SparkplugEdge.java"
    return Peer(folder, ["java", "-cp", f"{folder}:{jars}/*", str(source), str(port), "T", "tahu", host], {})


class Recorder:
    """Decodes all that edges send by npm sparkplug-payload."""

    def __init__(self, folder: Path, port: int) -> None:
        self.file = folder / "recorded.jsonl"
        script = str(SUPPORT / "sparkplug_recorder.js")
        self.peer = Peer(folder, ["node", script, str(port), str(self.file)], {"NODE_PATH": modules()})
        self.peer.wait_for("ready")

    def stop(self) -> list[dict]:
        """What it decoded: kind, address, type, ts (milliseconds), value and alias."""
        self.peer.stop()
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]
