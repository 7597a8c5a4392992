"""Making a look: a training that is built, asked, and not begun."""

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from afn.ask.looks import KEPT, before_training, look_of
from afn.engine.training import Training
from afn.runs.recorded import Recorded
from afn.settings.config import TrainConfig


def look(config: TrainConfig, folder: Path) -> Recorded:
    """Look at a configuration's network before its first step, and keep that: all of it or nothing.

    Args:
        config: Of a run that may be started.
        folder: Of all looks.

    Raises:
        ValueError: The configuration does not fit its data.
        FileNotFoundError: The data set is not on disk.
        OSError: The folder cannot be written.
    """
    found = look_of(config, folder)
    made = Recorded(found.id, folder / f".{secrets.token_hex(6)}")
    made.path.mkdir(parents=True)
    try:
        lines = []
        for event in Training(before_training(config), sheets=made.sheets_path).events():
            lines.append(event.to_line())
            if event.kind == "sheet":
                break
        made.write(lines)
        with suppress(OSError):  # another was faster
            os.rename(made.path, found.path)  # noqa: PTH104 - in one step
    finally:
        shutil.rmtree(made.path, ignore_errors=True)
    _forget_old(folder)
    return found


def _forget_old(folder: Path) -> None:
    looks = [path for path in folder.iterdir() if not path.name.startswith(".")]
    for path in sorted(looks, key=_made_at)[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)


def _made_at(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0
