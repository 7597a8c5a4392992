"""The run store: a run is a folder, and the folder is the single truth.

``config.json`` (configuration, name, versions, who submitted it, what it was forked from; of a run
that was recorded in a loop of somebody's own its ``kind`` and what its model is instead),
``events.jsonl`` (append only), ``control.jsonl`` (commands in), ``checkpoints/*.safetensors``,
``sheets/*.png`` (pictures that events name), claim and end marker (:mod:`afn.work.folder`).
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from afn.jsonl import append_line, read_lines
from afn.runs.origin import ForkedFrom
from afn.runs.progress import progress_of
from afn.runs.recording import RECORDED, Recording, has_no_config
from afn.runs.versions import versions
from afn.settings.commands import WORKER_ENDED, Command, check_command
from afn.settings.config import TrainConfig
from afn.work.folder import ENDED, Work, read_json, write_json
from afn.work.processes import identity

_RUN_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PIN = "pinned"
SHEETS = "sheets"
"""Folder, within a run's, of the pictures that its events name."""


def runs_dir() -> Path:
    """``AFN_RUNS_DIR``, or ``runs`` in the working directory."""
    return Path(os.environ.get("AFN_RUNS_DIR", "runs")).expanduser()


class RunStore:
    """All runs below one folder.

    Args:
        root: The folder; `runs_dir` by default. Created with the first run.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = runs_dir() if root is None else root

    def create(
        self,
        config: TrainConfig,
        *,
        name: str = "",
        group: str = "",
        commands: Iterable[Command] = (),
        run_id: str = "",
        keeps: Literal["all", "last"] = "all",
        origin: ForkedFrom | None = None,
        owner: str | None = None,
    ) -> "Run":
        """A new run folder, not yet executed.

        Args:
            config: What to run.
            name: A label for people; the run's id where it is empty.
            group: Runs of one comparison share it.
            commands: Obeyed before the first step, for instance a pause.
            run_id: Its folder's name; one of its own by default.
            keeps: Which of its checkpoints are kept.
            origin: Where it begins if not at the start; see `afn.runs.fork`.
            owner: Who starts it, on a server that several people share.

        Raises:
            FileExistsError: There is a run of that id.
            OSError: The folder is full or read-only; the message names it.
        """
        record = {
            "config": config.to_json(),
            "hash": config.hash(),
            "name": name,
            "group": group,
            "keeps": keeps,
            **({} if origin is None else {"forked_from": origin.to_json()}),
            **({} if owner is None else {"owner": owner}),
        }
        return self._made(record, config.norm, run_id=run_id, commands=commands)

    def create_recorded(self, recording: Recording, *, name: str = "") -> "Run":
        """A new run folder for what a loop of somebody's own tells.

        Args:
            recording: What is known of its model.
            name: A label for people; the run's id where it is empty.

        Raises:
            OSError: The folder is full or read-only; the message names it.
        """
        record = {"kind": RECORDED, "recording": recording.to_json(), "name": name, "group": ""}
        return self._made(record, RECORDED)

    def _made(
        self,
        record: dict[str, Any],
        stem: str,
        *,
        run_id: str = "",
        commands: Iterable[Command] = (),
    ) -> "Run":
        drawn = 8 if "owner" in record else 3  # among several people, nobody guesses another's
        while True:  # of a thousand runs of one second two may draw one name: the later draws again
            stamp = time.strftime("%Y%m%d-%H%M%S")
            run = Run(self.root / (run_id or f"{stamp}-{stem}-{secrets.token_hex(drawn)}"))
            try:
                run.path.mkdir(parents=True)
                break
            except OSError as error:
                if not (isinstance(error, FileExistsError) and run.path.exists()):
                    raise self._unwritable(error) from error
                if run_id:
                    raise FileExistsError(f"there is a run {run_id} already") from None
        try:
            (run.path / "checkpoints").mkdir()
            write_json(
                run.path / "config.json",
                record
                | {"created": time.time(), "submitted_by": identity(), "versions": versions()},
            )
            for command in commands:
                run.send(command)
        except OSError as error:
            shutil.rmtree(run.path, ignore_errors=True)
            raise self._unwritable(error) from error
        return run

    def open(self, run_id: str) -> "Run":
        """An existing run.

        Raises:
            ValueError: `run_id` is not the name of a run (a path, say).
            FileNotFoundError: There is no such run, or its folder was deleted.
        """
        if not _RUN_ID.fullmatch(run_id):
            raise ValueError(
                f"{run_id[:80]!r} is not a run id (lower-case letters, digits, '-' and '_')"
            )
        run = Run(self.root / run_id)
        if not (run.path / "config.json").is_file():
            raise FileNotFoundError(_gone(run_id))
        return run

    def list(self) -> list["Run"]:
        """All runs, dated ids newest first; `afn.runs.index` is quicker and knows more."""
        runs = (Run(self.root / run_id) for run_id in sorted(self.ids(), reverse=True))
        return [run for run in runs if (run.path / "config.json").is_file()]

    def ids(self) -> Iterator[str]:
        """Names of the folders that may be runs, in no order."""
        with contextlib.suppress(OSError), os.scandir(self.root) as entries:
            for entry in entries:
                if _RUN_ID.fullmatch(entry.name) and entry.is_dir():
                    yield entry.name

    def _unwritable(self, error: OSError) -> OSError:
        return OSError(
            f"cannot write a run below {self.root}: {error.strerror or error}; free some space "
            "or point AFN_RUNS_DIR at a folder that can be written"
        )


class Run(Work):
    """One run's folder."""

    @property
    def events_path(self) -> Path:
        """The events, one JSON object a line."""
        return self.path / "events.jsonl"

    @property
    def sheets_path(self) -> Path:
        """The folder of pictures that its events name."""
        return self.path / SHEETS

    @property
    def control_path(self) -> Path:
        """The commands, one JSON object a line."""
        return self.path / "control.jsonl"

    def record(self) -> dict[str, Any]:
        """What `config.json` holds.

        Raises:
            ValueError: The file is damaged.
            FileNotFoundError: The run was deleted.
        """
        path = self.path / "config.json"
        try:
            record = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise FileNotFoundError(_gone(self.id)) from None
        except ValueError as error:
            raise ValueError(f"the configuration of run {self.id} is damaged: {error}") from error
        what = "config"
        if isinstance(record, dict) and record.get("kind") == RECORDED:
            what = "recording"
        if not isinstance(record, dict) or not isinstance(record.get(what), dict):
            raise ValueError(f"the configuration of run {self.id} is damaged: no {what!r} in it")
        return record

    def config(self) -> TrainConfig:
        """The resolved configuration.

        Raises:
            ValueError: It has none: it was recorded in a loop of somebody's own; or it is damaged.
            FileNotFoundError: The run was deleted.
        """
        record = self.record()
        if "config" not in record:
            raise ValueError(has_no_config(self.id))
        return TrainConfig.from_json(record["config"])

    def recording(self) -> Recording | None:
        """What is known of its model, where it was recorded in a loop of somebody's own.

        Raises:
            ValueError: That is damaged.
            FileNotFoundError: The run was deleted.
        """
        record = self.record()
        return Recording.from_json(record["recording"]) if "config" not in record else None

    def origin(self) -> ForkedFrom | None:
        """Where it was forked from; None for a run from the start.

        Raises:
            ValueError: That is damaged.
        """
        values = self.record().get("forked_from")
        return None if values is None else ForkedFrom.from_json(values)

    @property
    def owner(self) -> str | None:
        """Who started it, on a server that several people share; None where that is not known."""
        found = (read_json(self.path / "config.json") or {}).get("owner")
        return found if isinstance(found, str) else None

    @property
    def restarted_from(self) -> int | None:
        """The step at which it went on when its server was restarted; None where it was not."""
        found = (read_json(self.path / "config.json") or {}).get("restarted_from")
        return None if found is None else int("".join(filter(str.isdigit, f"{found}")) or 0)

    @property
    def is_pinned(self) -> bool:
        """Whether it stays where room is made on a server that several share."""
        return (self.path / _PIN).exists()

    def pin(self, *, stays: bool) -> None:
        """Have it stay where room is made, or not."""
        if stays:
            (self.path / _PIN).touch()
        else:
            (self.path / _PIN).unlink(missing_ok=True)

    def rename(self, name: str) -> None:
        """Give the run a label of at most 80 characters; an empty one takes it away."""
        write_json(self.path / "config.json", self.record() | {"name": name.strip()[:80]})

    def tag(self, tags: Iterable[str]) -> None:
        """Give the run these tags, up to 12 of at most 40 characters, and take others away."""
        kept = dict.fromkeys(" ".join(tag.split())[:40] for tag in tags)
        write_json(self.path / "config.json", self.record() | {"tags": [*filter(None, kept)][:12]})

    def delete(self) -> None:
        """Remove the folder; a live run notices and ends.

        Raises:
            FileNotFoundError: It was removed already.
            OSError: It cannot be removed.
        """
        gone = self.path.with_name(f".deleted-{secrets.token_hex(4)}")
        self.path.rename(gone)  # first, so that a live run puts nothing into what is being removed
        shutil.rmtree(gone)

    def events(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Events from byte `offset` on, and the offset to go on from."""
        return read_lines(self.events_path, offset)

    def send(self, command: Command) -> None:
        """Append a command.

        Raises:
            ValueError: The command is malformed.
            FileNotFoundError: The run was deleted.
        """
        append_line(self.control_path, check_command(command))

    def ask_to_stop(self) -> None:
        """Have the run stop at its next step."""
        self.send({"command": "stop"})

    def checkpoints(self) -> list[Path]:
        """All checkpoints, the newest last."""
        return sorted((self.path / "checkpoints").glob("*.safetensors"))

    def weights(self) -> Path | None:
        """The newest checkpoint, if there is one."""
        return max(self.checkpoints(), default=None)

    def require_weights(self) -> Path:
        """The newest checkpoint.

        Raises:
            ValueError: There is none yet.
        """
        weights = self.weights()
        if weights is None:
            raise ValueError(f"run {self.id} has no checkpoint yet: train it for an epoch first")
        return weights

    def keep_last_checkpoint(self) -> None:
        """Remove all checkpoints but the newest."""
        for path in self.checkpoints()[:-1]:
            path.unlink(missing_ok=True)

    def pending(self) -> list[Command]:
        """Of a run that ended: the commands that it will obey before its first step, once reopened.

        Raises:
            ValueError: Its checkpoint is damaged.
        """
        weights = self.weights()
        obeyed = [0, self.record().get("obeyed", 0)]
        if weights is not None:
            obeyed.append(progress_of(weights)["control_offset"])
        summary = self.state().summary or {}
        if summary.get("diverged"):
            obeyed.append(summary.get("control_offset", 0))
        return read_lines(self.control_path, max(obeyed))[0]

    def reopen(
        self, *, anew: bool = False, owner: str | None = None, restarted: bool = False
    ) -> bool:
        """Make an ended run claimable again, to go on from its last checkpoint.

        Commands that were sent since it ended it obeys before its first step. What had been changed
        while it trained and made it diverge is taken back with the steps behind the checkpoint.

        Args:
            anew: Where it has none, begin once more from the start, also where it never began.
            owner: Whose it is from now on; None for whose it was.
            restarted: Nobody asked for it: its server was restarted. What did not end by itself
                goes on once from each checkpoint, lest it end server after server.

        Returns:
            False if it has no checkpoint, is not at an end, or somebody else was faster.
        """
        with _alone(self.path / ".reopening"):
            state, has_weights = self.state(), self.weights() is not None
            if state.status not in ENDED or not (has_weights or anew):
                return False
            record = self.record() | {"submitted_by": identity()}
            before = record.pop("restarted_from", None)
            if restarted:
                weights = self.weights()
                record["restarted_from"] = weights.name if weights else ""
                if record["restarted_from"] == before and state.reason != WORKER_ENDED:
                    return False
            if (summary := state.summary or {}).get("diverged"):
                record["obeyed"] = summary.get("control_offset", 0)
            if owner is not None:
                record["owner"] = owner
            write_json(self.path / "config.json", record)
            for name in ("claim.json", "end.json"):  # the last one taken away makes it claimable
                (self.path / name).unlink(missing_ok=True)
        return True

    def wait_for_this_process(self) -> bool:
        """Have it wait in this process's queue, whoever submitted it; False if it does not wait."""
        with _alone(self.path / ".reopening"):
            if self.is_unclaimed:
                write_json(self.path / "config.json", self.record() | {"submitted_by": identity()})
                return True
        return False


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Whoever else comes here, from any thread or process, waits."""
    with path.open("a") as file:
        # Windows, and some shared file systems, know no such locks.
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _gone(run_id: str) -> str:
    return f"there is no run {run_id}; it may have been deleted"
