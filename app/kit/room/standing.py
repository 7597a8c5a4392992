"""How a room stands, with its experiment: looked at now and then, for all who ask."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import msgspec

from . import training
from .room import Room, RoomError
from .script import Finding, RoomSource
from .training import ClassNetworks, PhoneNetwork
from .what_ifs import WhatIfs, what_if

_LOOK_SECONDS = 0.5
"""How often an experiment is looked at while it runs."""
_TRIES_SECONDS = 2.0
"""The same of what-ifs: the list of all is told to every phone."""


class Standing:
    """A room with its experiment.

    Args:
        room: The room.
        source: What it is made from.
    """

    def __init__(self, room: Room, source: RoomSource) -> None:
        assert room.script is not None
        self.room, self._source = room, source
        self._subject = room.script.subject.partition(":")[2]
        self._at = float("-inf")
        self._finding = Finding(share=0.0, told="")
        self._networks: list[PhoneNetwork] = []
        part = source.part
        self._class = ClassNetworks(lambda number, _: part(self._subject, number)) if part else None
        self._what_ifs, self._tried_at = WhatIfs(), float("-inf")
        self._tried: list[dict[str, Any]] = []

    def warm_up(self) -> None:
        """Have a worker there by the time that phones train, also where one was lost."""
        if self._class and self.room.is_open:
            training.warm_up()

    def told(self) -> dict[str, Any]:
        """As all who are in it are told."""
        is_experiment = self.room.now.poll == 0
        found = self.finding() if is_experiment else None
        told = self.room.told(found.right if found else None) | {"what_ifs": self._tries()}
        if not found:
            return told
        script = self.room.script
        assert script is not None
        if self._networks and told["kind"] != "again":
            told |= training.told(self._networks)
        if told["kind"] in ("experiment", "train", "answer"):
            told |= {"share": round(found.share, 2), "told": found.told, "found": found.reading}
            told |= {"contenders": msgspec.to_builtins(script.contenders)}
            told |= {"places": list(script.places), "axis": script.axis}
        if told["kind"] == "answer":
            told["answer"] = found.answer
        return told

    def finding(self) -> Finding:
        """What its experiment says by now."""
        wait = _LOOK_SECONDS * (5 if self._finding.share >= 1 else 1)
        if time.monotonic() - self._at > wait:
            self._at = time.monotonic()
            self._look(begins=False)
        return self._finding

    def begin(self) -> None:
        """Run the experiment here and now, once for all."""
        self._look(begins=True)

    def figure(self) -> dict[str, Any]:
        """Plotly's JSON of what it found.

        Raises:
            RoomError: It has found nothing that is drawn, or the class is not there yet.
        """
        if self.room.now.kind not in ("experiment", "answer", "end"):
            raise RoomError("the experiment comes later", 409)
        if (draw := self.finding().draw) is None:
            raise RoomError("there is no figure yet", 404)
        return draw()

    def train(self, token: str, owner: str | None) -> int:
        """Have the network of a phone trained; the phone's number.

        Raises:
            RoomError: Nothing is trained in this room, or not now.
            ValueError, OSError: It cannot be trained.
        """
        if (part := self._source.part) is None:
            raise RoomError("no phone trains anything in this room", 409)

        def start(number: int) -> str:
            config = part(self._subject, number).config
            return training.start(config, f"room-{self.room.code}", number, owner)

        return self.room.train(token, start)

    def hand(self, token: str, run_ids: str, owner: str | None) -> int:
        """Take the what-if of a phone; its number among the class's.

        Args:
            token: The phone's.
            run_ids: Of its runs, as in the Playground's address.
            owner: Who started them; None where the server is not shared.

        Raises:
            RoomError: Nothing was trained, or it is not to be had.
            OSError: It cannot be kept.
        """
        script = self.room.script
        assert script is not None
        number = self.room.hand(token, what_if(run_ids, script.tries, owner))
        self._tried_at = float("-inf")
        return number

    def _tries(self) -> list[dict[str, Any]]:
        if self.room.handed and time.monotonic() - self._tried_at > _TRIES_SECONDS:
            self._tried_at = time.monotonic()
            self._tried = self._what_ifs.told(self.room.handed)
        return self._tried

    def _look(self, *, begins: bool) -> None:
        try:
            if self._class:
                self._networks = self._class.read(list(self.room.trained.values()))
            self._finding = self._source.experiment(self._subject, begins, self._networks)
        except (OSError, ValueError, RuntimeError) as error:
            self._finding = Finding(share=0.0, told=f"{error}")


@dataclass(frozen=True, slots=True)
class RoomNews:
    """How a room stands, as the feed tells it."""

    subject: Hashable
    now: dict[str, Any]
    reading: str = ""
    is_final: bool = False

    @property
    def spec(self) -> dict[str, Any]:
        """Nothing is drawn by a chart."""
        return {"kind": "room"}

    def feed(self, cursor: Any) -> tuple[dict[str, Any], Any]:
        """All of it, where anything is new."""
        return ({} if cursor == self.now else {"now": self.now}), self.now


def announcing(standing: Standing) -> Callable[[], RoomNews]:
    """What makes the feed's news of a room."""
    return lambda: RoomNews(standing.room.code, standing.told())
