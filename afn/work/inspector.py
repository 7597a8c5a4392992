"""Looking into layers from another process, which has torch and keeps networks and images at hand.

The two sides speak over a Unix socket that the asking side listens on, a JSON line each way:
``{"look": ...}`` or ``{"neighbours": ...}`` with a `Look` as JSON, answered by ``{"found": ...}``
or ``{"error": "one line"}``. Needs no torch here; the process that answers loads it.
"""

import json
import select
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, cast

from afn.ask.inside.look import Look, Neighbours, Seen

IDLE_SECONDS = 900.0
"""So long the process waits for the next question before it ends and frees its memory."""
_START_SECONDS = 60.0
_ANSWER_SECONDS = 120.0
_EXPECTED = (ValueError, TypeError, RuntimeError, OSError, MemoryError)


def serve(address: str, lifeline: int) -> None:
    """Answer until the asking side or the parent is gone, or nobody has asked for long.

    Args:
        address: The socket's path.
        lifeline: A descriptor that reads as ended when the parent is gone.
    """
    import torch

    from afn.ask.inside.bench import Bench
    from afn.work.memory import keep_freed_memory

    torch.set_num_threads(1)
    keep_freed_memory()
    bench = Bench()
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(address)
        buffer = b""
        while True:
            sides: list[Any] = [link, lifeline]
            ready, _, _ = select.select(sides, [], [], IDLE_SECONDS)
            if link not in ready:
                return
            data = link.recv(1 << 20)
            if not data:
                return
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                link.sendall(_answer(bench, line) + b"\n")


def _answer(bench: Any, line: bytes) -> bytes:
    try:
        [(what, record)] = json.loads(line).items()
        asked = bench.neighbours if what == "neighbours" else bench.look
        return json.dumps({"found": asked(Look.from_json(record))}).encode()
    except MemoryError:
        return json.dumps({"error": "out of memory: take a smaller batch"}).encode()
    except _EXPECTED as error:
        text = " ".join(f"{error}".split()) or type(error).__name__
        return json.dumps({"error": text[:500]}).encode()


class Inspector:
    """Asks that process; it is started with the first question, and again where it has ended.

    Sessions share it: questions are answered one after the other.

    Args:
        start: Has a process call `serve` with the socket's path.
    """

    def __init__(self, start: Callable[[str], None]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._link: socket.socket | None = None
        self._buffer = b""

    def look(self, look: Look) -> Seen:
        """As `Bench.look`.

        Raises:
            ValueError: One line says what was wrong with the question, or what could not be had.
            OSError: No process can be started, or it ended amid the answer.
        """
        return cast(Seen, self._ask("look", look))

    def neighbours(self, look: Look) -> Neighbours:
        """As `Bench.neighbours`; raises as `look` does."""
        return cast(Neighbours, self._ask("neighbours", look))

    def close(self) -> None:
        """Have the process end."""
        with self._lock:
            self._hang_up()

    def _ask(self, what: Literal["look", "neighbours"], look: Look) -> dict[str, Any]:
        line = json.dumps({what: look.to_json()}).encode() + b"\n"
        with self._lock:
            answer = self._exchange(line) or self._exchange(line)  # it may have been idle too long
        if answer is None:
            raise OSError("the process that looks into layers ended; its memory may be too small")
        record = json.loads(answer)
        if "error" in record:
            raise ValueError(record["error"])
        found: dict[str, Any] = record["found"]
        return found

    def _exchange(self, line: bytes) -> bytes | None:
        try:
            link = self._link or self._connect()
            link.sendall(line)
            while b"\n" not in self._buffer:
                data = link.recv(1 << 20)
                if not data:
                    raise ConnectionError
                self._buffer += data
        except (ConnectionError, TimeoutError):
            self._hang_up()
            return None
        answer, _, self._buffer = self._buffer.partition(b"\n")
        return answer

    def _connect(self) -> socket.socket:
        folder = Path(tempfile.mkdtemp(prefix="afn-"))  # short, as a socket's path has to be
        try:
            with socket.socket(socket.AF_UNIX) as door:
                door.bind(f"{folder / 'socket'}")
                door.listen(1)
                door.settimeout(_START_SECONDS)
                self._start(f"{folder / 'socket'}")
                self._link, _ = door.accept()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self._link.settimeout(_ANSWER_SECONDS)
        return self._link

    def _hang_up(self) -> None:
        if self._link is not None:
            with suppress(OSError):
                self._link.close()
        self._link, self._buffer = None, b""
