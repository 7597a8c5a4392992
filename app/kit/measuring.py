"""Live measurements: one at a time, each a process of its own that writes a report."""

import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import afn
from afn.cost.plan import Plan
from afn.cost.records import Report
from afn.jsonl import append_line
from afn.work.processes import is_alive

_LOOKED_AT = 50
"""Reports that are looked through."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class BusyError(RuntimeError):
    """Another measurement is running."""


class Measurements:
    """Starts and stops measurements; their reports are files below one folder.

    A measurement's process ends with this one: it listens on a pipe that closes then.

    Args:
        folder: Where the reports are; made with the first one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._running = ""
        self._is_stopping = False
        self.what = ""
        """What the one that runs measures, where it is no plan of norms."""
        self.owner: str | None = None
        """Who started the one that runs, on a server that is shared."""

    @property
    def running(self) -> str | None:
        """The measurement that runs, if one does."""
        return self._running or None

    def start(
        self, asked: Plan | Sequence[str], owner: str | None = None, *, what: str = ""
    ) -> str:
        """Start measuring; returns the report's id.

        Args:
            asked: A plan, or a command of ``python -m afn`` and what it is told, which writes a
                report.
            owner: Who asks, on a server that is shared.
            what: What it measures, to whoever looks, where it is no plan.

        Raises:
            BusyError: One is running already; two at once would disturb each other.
            OSError: The report cannot be written, or no process started.
        """
        with self._lock:
            if self._running:
                raise BusyError("another measurement is running here; wait for it, or stop it")
            told = ("bench", *asked.arguments()) if isinstance(asked, Plan) else asked
            measurement = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._path(measurement).open("xb") as output:
                process = subprocess.Popen(
                    [
                        sys.executable, "-m", "afn", *told, "--json", "--until-input-closes",
                    ],
                    cwd=Path(afn.__file__).parents[1],  # so that `-m afn` is found
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.PIPE,
                )  # fmt: skip
            self._process, self._running, self._is_stopping = process, measurement, False
            self.owner, self.what = owner, what
        threading.Thread(target=self._bury, args=(process, measurement), daemon=True).start()
        return measurement

    def report(self, measurement: str) -> Report:
        """What there is of a measurement; one whose process is gone has failed.

        Raises:
            ValueError: That is not the name of a measurement (a path, say).
            FileNotFoundError: There is no such measurement.
        """
        if not _ID.fullmatch(measurement):
            raise ValueError(f"{measurement[:80]!r} is not the name of a measurement")
        is_ours = measurement == self._running  # looked up first: the end is written before
        if not self._path(measurement).is_file():
            raise FileNotFoundError(f"there is no measurement {measurement}")
        report = Report.read(self._path(measurement))
        process = report.head.get("process")
        if report.end is None and not is_ours and not (process and is_alive(process)):
            gone = {"status": "failed", "reason": "its process is gone; the app was restarted"}
            return replace(report, end=gone)
        return report

    def newest(self, is_wanted: Callable[[Report], bool]) -> str:
        """The id of the newest finished one that is wanted; empty for none."""
        for path in sorted(self.folder.glob("*.jsonl"), reverse=True)[:_LOOKED_AT]:
            report = Report.read(path)
            if (report.end or {}).get("status") == "finished" and is_wanted(report):
                return path.stem
        return ""

    def stop(self) -> None:
        """End the measurement that runs; what it has measured stays."""
        with self._lock:
            if self._process is not None:
                self._is_stopping = True
                self._process.terminate()

    def close(self) -> None:
        """End what runs and wait for it."""
        self.stop()
        if (process := self._process) is not None:
            process.wait()

    def _path(self, measurement: str) -> Path:
        return self.folder / f"{measurement}.jsonl"

    def _bury(self, process: subprocess.Popen[bytes], measurement: str) -> None:
        """Wait for the process, and write the end that it did not write itself."""
        assert process.stderr is not None
        words = process.stderr.read().decode(errors="replace").strip().splitlines()
        code = process.wait()
        if Report.read(self._path(measurement)).end is None:
            status, reason = "failed", _reason(code, words)
            if self._is_stopping:
                status, reason = "stopped", "stopped by hand"
            append_line(
                self._path(measurement), {"kind": "end", "status": status, "reason": reason}
            )
        with self._lock:
            self._process, self._running = None, ""
        for stream in (process.stdin, process.stderr):
            if stream:
                stream.close()


def _reason(code: int, words: list[str]) -> str:
    if code == -signal.SIGKILL:
        return "its process was killed (signal 9: by hand, or the machine ran out of memory)"
    if code < 0:
        return f"its process was ended by signal {-code}"
    told = words[-1].removeprefix("afn: ")[:300] if words else ""
    return told or f"its process ended with exit code {code} before it was done"
