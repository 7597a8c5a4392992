"""What is somebody's, on a server that several people share: stopped and deleted at once."""

import shutil
from contextlib import suppress

from afn.runs.index import Line
from afn.work.folder import ENDED, read_json

from . import backend


def runs_of(owner: str | None) -> list[Line]:
    """Somebody's runs, newest first; None for those of which nobody is known."""
    return [line for line in backend.index().lines() if line.owner == owner]


def stop(owner: str | None) -> None:
    """Have all that is theirs end.

    Raises:
        OSError: A run cannot be told so.
    """
    live = [line for line in runs_of(owner) if line.status not in ENDED]
    for line in sorted(live, key=lambda line: line.status == "running"):  # else one begins
        backend.runner().stop(backend.run(line.id))


def delete(owner: str | None) -> None:
    """Delete all that is theirs: runs, sweeps, experiments of lessons, and pictures.

    Raises:
        OSError: Something is still there.
    """
    stop(owner)
    for line in runs_of(owner):
        with suppress(FileNotFoundError):  # deleted meanwhile
            backend.run(line.id).delete()
    for sweep in backend.sweeps().list():
        if sweep.owner == owner:
            backend.sweeps().forget(sweep.id)
    for kept in backend.experiments().glob("*/*.json"):
        if kept.exists() and (read_json(kept) or {}).get("owner") == owner:
            shutil.rmtree(kept.parent)
    for own in backend.own().list():
        if own.owner == owner:
            backend.own().forget(own.name)
    backend.index().tidy()
