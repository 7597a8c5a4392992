"""One class: who is there, what was voted, and at which step it is.

All of it is an append-only file, so that a server that is killed loses no vote, and whoever reads
it again stands where the class stood. Nothing in it says who anybody is.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from afn.jsonl import append_line, read_lines

from .script import RoomStep, Script, WhatIf, steps_of

HOURS = 6.0
"""A room ends by itself so long after it was opened."""
KEPT = (
    "Votes are kept without a name, in one file; it is deleted with the first room that opens "
    f"more than {HOURS:g} hours later. Networks that phones train are kept as runs."
)
MOST = 400
"""So many phones find room."""
MOST_HANDED = 60
"""So many what-ifs are taken."""


class RoomError(ValueError):
    """What cannot be, in one line, with the status that an answer gets."""

    def __init__(self, line: str, status: int = 422) -> None:
        super().__init__(line)
        self.status = status


class Room:
    """A room, as its file says.

    Args:
        path: Its file; the name is its code.
        secret: What signs the phones' tokens.
    """

    def __init__(self, path: Path, secret: str) -> None:
        self.path, self.code, self._secret = path, path.stem, f"{secret} {path.stem}".encode()
        self.script: Script | None = None
        self.opened = 0.0
        self.step = 0
        self.follow = ""
        self.is_over = False
        self.phones: dict[str, bool] = {}
        """Who joined, and whether only pretended to be there."""
        self.votes: dict[tuple[int, int], dict[str, int]] = {}
        """By poll and round, each phone's choice."""
        self.trained: dict[str, str] = {}
        """The run of each phone that has one."""
        self.handed: dict[str, WhatIf] = {}
        """What each phone tried, of those that handed it in."""
        self.pulled = 0
        """The number of the what-if on the big screen, from 1; 0 where there is none."""
        self._teacher = ""
        self._offset = 0
        self._lock = threading.RLock()
        self.read()

    @classmethod
    def open(cls, path: Path, secret: str, script: Script) -> tuple["Room", str]:
        """A new one, and the token of whoever leads it.

        Raises:
            OSError: It cannot be kept.
        """
        token = secrets.token_urlsafe(18)
        record = {"open": msgspec.to_builtins(script), "teacher": _hash(token), "at": time.time()}
        append_line(path, record)
        return cls(path, secret), token

    @property
    def is_open(self) -> bool:
        """Whether anything may still happen in it."""
        return self.script is not None and not self.is_over and self.hours_left > 0

    @property
    def hours_left(self) -> float:
        """Until it ends by itself."""
        return min(HOURS - (time.time() - self.opened) / 3600, HOURS)

    @property
    def steps(self) -> tuple[RoomStep, ...]:
        """All steps."""
        return steps_of(self.script) if self.script else ()

    @property
    def now(self) -> RoomStep:
        """The step that it is at."""
        return self.steps[self.step]

    # -- what happens ----------------------------------------------------------------------------

    def join(self, *, pretends: bool = False) -> str:
        """The token of a new phone.

        Raises:
            RoomError: It is over, or full.
            OSError: It cannot be kept.
        """
        with self._lock:
            self._must_be_open()
            if len(self.phones) >= MOST:
                raise RoomError(f"the room is full: {MOST} phones are in it")
            name = secrets.token_hex(6)
            self._write({"join": name, **({"pretends": True} if pretends else {})})
            return f"{name}.{self._sign(name)}"

    def phone(self, token: str) -> str:
        """Whose token that is.

        Raises:
            RoomError: Nobody's here.
        """
        name, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(name).encode()):
            raise RoomError("this phone is not in the room: join it with its code", 403)
        return name

    def vote(self, token: str, poll: int, round: int, choice: int) -> None:
        """Take a vote, or another one in its place, as long as votes are taken.

        Raises:
            RoomError: Forged, too late, or no such option.
            OSError: It cannot be kept.
        """
        with self._lock:
            self._must_be_open()
            name = self.phone(token)
            if (self.now.poll, self.now.round) != (poll, round):
                raise RoomError("that vote is closed: the class has gone on", 409)
            assert self.script is not None
            if not 0 <= choice < len(self.script.polls[poll].options):
                raise RoomError(f"there is no option {choice}")
            if self.votes.get((poll, round), {}).get(name) != choice:
                self._write({"vote": name, "poll": poll, "round": round, "choice": choice})

    def train(self, token: str, start: Callable[[int], str]) -> int:
        """Have a phone's network trained, once; its number among the class's.

        Args:
            token: The phone's.
            start: Starts the run of a number, and says its id.

        Raises:
            RoomError: Forged, or not now; what `start` raises.
            OSError: It cannot be kept.
        """
        with self._lock:
            self._must_be_open()
            name = self.phone(token)
            if self.now.kind != "train":
                raise RoomError("nothing is trained now: the class is elsewhere", 409)
            if name not in self.trained:
                self._write({"train": name, "run": start(len(self.trained))})
            return list(self.trained).index(name)

    def hand(self, token: str, what_if: WhatIf) -> int:
        """Take what a phone tried, in the place of what it handed in before; its number, from 1.

        Raises:
            RoomError: Forged, too many, or the room is over.
            OSError: It cannot be kept.
        """
        with self._lock:
            self._must_be_open()
            name = self.phone(token)
            if name not in self.handed and len(self.handed) >= MOST_HANDED:
                raise RoomError(f"{MOST_HANDED} what-ifs are here: no more find room")
            if self.handed.get(name) != what_if:
                self._write({"hand": name, "what_if": msgspec.to_builtins(what_if)})
            return list(self.handed).index(name) + 1

    def pull(self, token: str, number: int) -> None:
        """Put a what-if on the big screen, until the next step; 0: none.

        Raises:
            RoomError: By somebody else, or there is no such what-if.
            OSError: It cannot be kept.
        """
        self.lead(token)
        with self._lock:
            self._must_be_open()
            if not 0 <= number <= len(self.handed):
                raise RoomError(f"there are {len(self.handed)} what-ifs")
            if number != self.pulled:
                self._write({"pull": number})

    def go(self, token: str, step: int) -> None:
        """Go to a step; to the last one, and the room is over once it is left.

        Raises:
            RoomError: By somebody else, or there is no such step.
            OSError: It cannot be kept.
        """
        self.lead(token)
        with self._lock:
            self._must_be_open()
            if not 0 <= step < len(self.steps):
                raise RoomError(f"there are {len(self.steps)} steps")
            if step != self.step:
                self._write({"step": step})

    def show(self, token: str, link: str) -> None:
        """Take all phones to a page of the app; empty: let them go.

        Raises:
            RoomError: By somebody else, or not a page of the app.
            OSError: It cannot be kept.
        """
        self.lead(token)
        if len(link) > 4000 or ":" in link.partition("?")[0] or link.startswith(("/", "\\")):
            raise RoomError("phones follow to pages of this app alone")
        with self._lock:
            self._must_be_open()
            self._write({"follow": link})

    def end(self, token: str) -> None:
        """Close it.

        Raises:
            RoomError: By somebody else.
            OSError: It cannot be kept.
        """
        self.lead(token)
        with self._lock:
            if self.is_open:
                self._write({"end": time.time()})

    def lead(self, token: str) -> None:
        """Go no further unless whoever asks leads the room.

        Raises:
            RoomError: Somebody else does.
        """
        if not hmac.compare_digest(_hash(token), self._teacher):
            raise RoomError("somebody else leads this room: open one of your own", 403)

    # -- how it stands ---------------------------------------------------------------------------

    def counts(self, poll: int, round: int) -> list[int]:
        """Votes for each option."""
        assert self.script is not None
        found = Counter(self.votes.get((poll, round), {}).values())
        return [found[i] for i in range(len(self.script.polls[poll].options))]

    def shift(self, poll: int, right: int | None) -> dict[str, int]:
        """Of those who voted twice: how many there are, who moved, and who to what is right."""
        first, second = (self.votes.get((poll, round), {}) for round in (0, 1))
        both = [(first[name], choice) for name, choice in second.items() if name in first]
        moved = [now for before, now in both if now != before]
        return {
            "both": len(both),
            "moved": len(moved),
            "righted": sum(now == right for now in moved),
        }

    def told(self, right: int | None = None) -> dict[str, Any]:
        """How it stands, for all who are in it; counts only once they are to be seen.

        Args:
            right: What the experiment says came true, where it has.
        """
        with self._lock:
            assert self.script is not None
            step, polls = self.now, self.script.polls
            poll, taken = polls[step.poll], step.round
            told: dict[str, Any] = {
                "code": self.code, "title": self.script.title, "step": self.step,
                "steps": len(self.steps), "kind": step.kind, "say": step.say,
                "here": len(self.phones), "pretends": any(self.phones.values()),
                "follow": self.follow, "over": not self.is_open, "link": self.script.link,
                "tries": self.script.tries, "pulled": self.pulled,
                "poll": step.poll, "round": taken,
                "question": poll.question, "options": list(poll.options),
            }  # fmt: skip
            if told["over"] or step.kind == "end":
                told["kept"] = KEPT
            if taken is not None:
                told["answered"] = len(self.votes.get((step.poll, taken), {}))
            if step.kind in ("shown", "again", "answer") or (
                step.kind in ("experiment", "train") and self.votes.get((0, 0))
            ):
                told["counts"] = [self.counts(step.poll, 0)]
            if (
                "counts" in told
                and step.kind in ("train", "answer")
                and (step.poll, 1) in self.votes
            ):
                told["counts"].append(self.counts(step.poll, 1))
            if step.kind == "answer":
                told["right"] = right = right if poll.right is None else poll.right
                told["why"] = list(poll.why)
                told["shift"] = self.shift(step.poll, right)
            return told

    def read(self) -> None:
        """Take in what is new in the file."""
        with self._lock:
            records, self._offset = read_lines(self.path, self._offset)
            for record in records:
                self._take(record)

    def _take(self, record: dict[str, Any]) -> None:
        match record:
            case {"open": dict(script), "teacher": str(teacher), "at": float(at)}:
                self.script = msgspec.convert(script, Script)
                self._teacher, self.opened = teacher, at
            case {"join": str(name)}:
                self.phones[name] = bool(record.get("pretends"))
            case {"vote": str(name), "poll": int(poll), "round": int(round), "choice": int(choice)}:
                self.votes.setdefault((poll, round), {})[name] = choice
            case {"train": str(name), "run": str(run)}:
                self.trained[name] = run
            case {"hand": str(name), "what_if": dict(what_if)}:
                self.handed[name] = msgspec.convert(what_if, WhatIf)
            case {"pull": int(number)}:
                self.pulled = number
            case {"step": int(step)}:
                self.step, self.pulled = step, 0
            case {"follow": str(link)}:
                self.follow = link
            case {"end": _}:
                self.is_over = True

    def _write(self, record: dict[str, Any]) -> None:
        append_line(self.path, record)
        self.read()

    def _sign(self, name: str) -> str:
        return hmac.new(self._secret, name.encode(), hashlib.sha256).hexdigest()[:24]

    def _must_be_open(self) -> None:
        if not self.is_open:
            raise RoomError("this room is over", 410)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
