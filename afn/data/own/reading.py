"""Uploads are read by a process of their own: bounded in time and memory, and nobody waits for it.

``python -m afn.data.own.reading FOLDER`` reads what lies in the folder, says on its output how far
it is, and ends with the name of the set that it made, or with one line why it made none.
"""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import afn
from afn.data.own.gathering import Dropped, Gathered, gather
from afn.data.own.rules import MOST_SECONDS
from afn.data.own.store import FOLDER, OwnSets, gone
from afn.wording import duration_words
from afn.work.folder import read_json, write_json

_MANIFEST = "manifest.json"
_AT_ONCE = 2
"""Uploads that are read at the same time; others wait."""
_GRACE_SECONDS = 15
_MOST_MEMORY = 6 * 2**30
"""Bytes of addresses, of which most are never used."""


class UploadedFile(Protocol):
    """A file as the browser sent it."""

    @property
    def name(self) -> str:
        """What it was called."""
        ...

    def getbuffer(self) -> memoryview:
        """Its content."""
        ...


@dataclass(slots=True)
class UploadReading:
    """An upload being read."""

    done: int = 0
    total: int = 0
    """Pictures; 0 as long as nobody has counted them."""
    made: str = ""
    """The name of the set, once it is there."""
    error: str = ""
    """Why there is none, in one line."""

    @property
    def is_over(self) -> bool:
        """Whether it ended."""
        return bool(self.made or self.error)


class Readings:
    """Starts the processes that read.

    Args:
        runs: The run store's folder.
    """

    def __init__(self, runs: Path) -> None:
        self._root = runs.absolute() / FOLDER
        self._places = threading.Semaphore(_AT_ONCE)

    def start(
        self,
        uploads: Sequence[UploadedFile],
        *,
        class_name: str = "",
        base: str = "",
        owner: str | None = None,
    ) -> UploadReading:
        """Have uploads read.

        Args:
            uploads: Zips, archives, pictures.
            class_name: Of the pictures among them.
            base: A set to which they are added.
            owner: Whose the new set is.

        Raises:
            OSError: They cannot be written.
        """
        folder = self._root / f".upload-{secrets.token_hex(8)}"
        folder.mkdir(parents=True)
        try:
            for number, upload in enumerate(uploads):
                (folder / str(number)).write_bytes(upload.getbuffer())
            names = [upload.name for upload in uploads]
            write_json(
                folder / _MANIFEST,
                {"names": names, "class_name": class_name, "base": base, "owner": owner},
            )
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        reading = UploadReading()
        threading.Thread(target=self._read, args=(folder, reading), daemon=True).start()
        return reading

    def _read(self, folder: Path, reading: UploadReading) -> None:
        with self._places:
            try:
                made, error = _follow(folder, reading)
            except OSError as problem:
                made, error = "", f"{problem}"
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        reading.made, reading.error = made, error


def _follow(folder: Path, reading: UploadReading) -> tuple[str, str]:
    """Run the process and hear what it says; returns the set's name, or why there is none."""
    process = subprocess.Popen(
        [sys.executable, "-m", "afn.data.own.reading", str(folder)],
        cwd=Path(afn.__file__).parents[1],  # so that `-m afn` is found
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    is_late = threading.Event()

    def end() -> None:
        is_late.set()
        process.kill()

    watch = threading.Timer(MOST_SECONDS + _GRACE_SECONDS, end)
    watch.start()
    made = error = ""
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            told = json.loads(line)
            reading.done, reading.total = told.get("at", (reading.done, reading.total))
            made, error = told.get("made", ""), told.get("error", "")
    process.wait()
    watch.cancel()
    if is_late.is_set():
        return "", f"reading took more than {duration_words(MOST_SECONDS)}: drop fewer pictures"
    if not made and not error:
        error = f"its reader ended by {process.returncode}: drop fewer or smaller pictures"
    return made, error


def read(folder: Path) -> str:
    """Make a set of what lies in a folder; returns its name.

    Raises:
        ValueError: None can be made of it; one line.
        OSError: The disk is full.
    """
    manifest = read_json(folder / _MANIFEST) or {}
    class_name, owner = manifest["class_name"], manifest["owner"]
    sets = OwnSets(folder.parents[1])
    gathered = Gathered()
    if base := manifest["base"]:
        if (found := sets.find(base)) is None:
            raise ValueError(gone(base))
        gathered = sets.gathered(found)
    dropped = [
        Dropped(folder / str(number), name, class_name)
        for number, name in enumerate(manifest["names"])
    ]
    gather(dropped, gathered, lambda done, total: _say(at=(done, total)))
    return sets.keep(gathered, owner).name


def _say(**told: object) -> None:
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


def _bound() -> None:
    """Take no more memory than that, and let others go first."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    with contextlib.suppress(AttributeError, OSError):
        os.nice(10)


def main() -> None:
    """Read the folder that the command line names."""
    _bound()
    try:
        _say(made=read(Path(sys.argv[1])))
    except (ValueError, OSError) as error:
        _say(error=" ".join(str(error).split())[:400])
    except MemoryError:
        _say(error="it needs more memory than there is for it: drop smaller pictures")


if __name__ == "__main__":
    main()
