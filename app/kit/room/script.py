"""What a class goes through: polls, an experiment between them, and the steps in their order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from .training import PhoneNetwork, RoomPart


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """A question with options."""

    question: str
    options: tuple[str, ...]
    why: tuple[str, ...] = ()
    """What is behind each option: the misconception, or why it is right."""
    right: int | None = None
    """The number of the right option; None where the experiment decides."""


class RoomContender(msgspec.Struct, frozen=True, kw_only=True):
    """What some of the class's networks have in common."""

    name: str
    color: str


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """What a student tried on the Playground, and handed in; plain data, kept with the room."""

    runs: tuple[str, ...]
    """Their ids."""
    networks: tuple[RoomContender, ...]
    """The same in the same order, as they are shown."""
    changes: tuple[str, ...]
    """What it sets otherwise than what it began with, in a few letters each."""


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """What a class goes through; plain data, kept with the room."""

    subject: str
    """What it is made from, such as a lesson's name."""
    title: str
    minutes: int
    """A class takes, with discussions."""
    aims: tuple[str, ...]
    setup: str
    """What the experiment does."""
    polls: tuple[Poll, ...]
    """The prediction, and then what is asked behind the answer."""
    link: str
    """The page that it is from, relative to the app's address."""
    contenders: tuple[RoomContender, ...] = ()
    """Where the class is the experiment, and each phone has a network trained: what these are."""
    places: tuple[str, ...] = ()
    """What they vary, along the scatter plot; empty where each contender is a column of it."""
    axis: str = ""
    """What the places are."""
    tries: str = ""
    """The Playground's settings that a what-if begins with, as in its address; empty: its own."""
    others: tuple[tuple[str, str], ...] = ()
    """What else a room of the same can be: in words, and its subject."""


StepKind = Literal["join", "vote", "shown", "experiment", "train", "again", "answer", "end"]


@dataclass(frozen=True, slots=True)
class RoomStep:
    """One thing on the projector."""

    kind: StepKind
    poll: int = 0
    """The number of the poll that it is about."""
    say: str = ""
    """What a teacher may say then."""

    @property
    def round(self) -> int | None:
        """Of which votes are taken: the first, or the second behind the discussion; else none."""
        return {"vote": 0, "again": 1}.get(self.kind)


_DISCUSS = "Find a neighbour who chose another answer; convince each other."


def steps_of(script: Script) -> tuple[RoomStep, ...]:
    """The steps: predict, show, experiment, answer; then each check, voted on twice.

    Where the class is the experiment, so is the prediction: there is time for it.
    """
    trains = bool(script.contenders)
    steps = [
        RoomStep("join", say="Scan the code, or type it in. No account, no name."),
        RoomStep("vote", 0, "Predict, each alone. Nobody sees the answers yet."),
        RoomStep(
            "shown", 0, _DISCUSS if trains else "What made you choose so? One voice for each."
        ),
        *([RoomStep("again", 0, "Predict again, each alone.")] if trains else []),
        RoomStep("train" if trains else "experiment", 0, script.setup),
        RoomStep("answer", 0, "What did the data say? Whom did it surprise?"),
    ]
    for number in range(1, len(script.polls)):
        steps += [
            RoomStep("vote", number, "Answer alone."),
            RoomStep("shown", number, _DISCUSS),
            RoomStep("again", number, "Vote again, each alone."),
            RoomStep("answer", number, "Why is each wrong answer tempting?"),
        ]
    return (*steps, RoomStep("end", say="The report names nobody. The room closes by itself."))


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What an experiment says by now."""

    share: float
    """Of it that is done, 0 to 1."""
    told: str
    """How far it is, or where its result is from, in a few words."""
    right: int | None = None
    """The number of the prediction that came true, once it is known."""
    answer: str = ""
    """What was measured, in sentences."""
    reading: str = ""
    """What the figure shows."""
    draw: Callable[[], dict[str, Any]] | None = None
    """Draws the figure, as Plotly's JSON; None where there is none."""


@dataclass(frozen=True, slots=True)
class RoomSource:
    """What makes rooms of a page's subjects."""

    script: Callable[[str], Script]
    """Of a subject; raises ValueError where there is none."""
    experiment: Callable[[str, bool, Sequence[PhoneNetwork]], Finding]
    """Given a subject, whether to run it here and now, and the class's networks: what it says."""
    part: Callable[[str, int], RoomPart] | None = None
    """Of a subject: what the phone of a number trains."""
