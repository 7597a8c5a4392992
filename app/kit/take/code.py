"""Parts of programs: a configuration, a trained network and how to come by it, imports."""

import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import afn
from afn.cli.options import arguments, spoken
from afn.runs.history import History
from afn.runs.origin import ForkedFrom
from afn.settings.commands import Timed
from afn.settings.config import CHANGEABLE, LIVE, SETTINGS, TrainConfig
from afn.settings.lambda_init import LambdaInit
from afn.wording import distinct

from .. import backend, cards
from ..markdown import plain
from .program import Program

ONE_THREAD = "torch.set_num_threads(1)  # as the app does: more would add in another order\n"
_WIDTH = 88
_STANDARD = {"inf": "math", "fmean": "statistics", "pstdev": "statistics"}
"""What programs use of the standard library, and where it comes from."""


def program(*parts: str) -> str:
    """A program of these parts, what they name imported first."""
    given = [part if part.endswith("\n") else f"{part}\n" for part in parts if part]
    body = "".join(part if part in (ONE_THREAD, given[-1]) else f"{part}\n" for part in given)
    code = re.sub(r"#.*", "", re.sub(r'"[^"\n]*"', "", body))

    def is_used(name: str) -> bool:
        return re.search(rf"(?<![\w.]){name}\b(?!=)", code) is not None

    homes: dict[str, list[str]] = {}
    for name in filter(is_used, _STANDARD):
        homes.setdefault(_STANDARD[name], []).append(name)
    standard = [f"from {home} import {', '.join(names)}\n" for home, names in homes.items()]
    torch = ["import torch\n\n"] if is_used("torch") else []
    names = [name for name in vars(afn)["__all__"] if is_used(name)]
    ours = [f"from afn import {', '.join(names)}\n\n"] if names else []
    return "".join([*standard, *(["\n"] if standard else []), *torch, *ours]) + body


def config_code(config: TrainConfig) -> str:
    """A configuration as Python: the norm, and what is not the default."""
    given = [
        f"{name}={literal(value)}"
        for name, setting in SETTINGS.items()
        if (value := getattr(config, name)) != setting.default or name == "norm"
    ]
    return call("TrainConfig", given)


def call(name: str, given: Sequence[str]) -> str:
    """A call, its arguments below each other where one line is too short."""
    one_line = f"{name}({', '.join(given)})"
    if len(one_line) <= _WIDTH - 8 and "\n" not in one_line:
        return one_line
    inner = "".join(f"    {textwrap.indent(each, '    ').strip()},\n" for each in given)
    return f"{name}(\n{inner})"


def table(name: str, entries: Mapping[Any, str], about: str = "") -> str:
    """A dictionary, an entry a line, behind a comment that says what it is."""
    lines = "".join(
        f"    {literal(key)}: {textwrap.indent(value, '    ').strip()},\n"
        for key, value in entries.items()
    )
    return f"{name} = {{{about and f'  # {about}'}\n{lines}}}\n"


def literal(value: Any) -> str:
    """A value as Python writes it, with double quotes."""
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False)
        case LambdaInit():
            for name, preset in LambdaInit.PRESETS.items():
                if preset == value:
                    return f"LambdaInit.{name.upper()}"
            given = [f"{name}={literal(getattr(value, name))}" for name in LambdaInit.__slots__
                     if getattr(value, name) != getattr(LambdaInit.PAPER, name)]  # fmt: skip
            return f"LambdaInit({', '.join(given)})"
        case tuple():
            inner = ", ".join(map(literal, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case dict():
            pairs = (f"{literal(key)}: {literal(each)}" for key, each in value.items())
            return f"{{{', '.join(pairs)}}}"
    return repr(value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """A network on screen, and how a program comes by it."""

    id: str
    """A run's, or a pretrained model's name: what commands call it."""
    config: TrainConfig
    is_pretrained: bool = False
    script: tuple[Timed, ...] = ()
    """What was changed while it trained, and when."""
    forked: ForkedFrom | None = None
    is_over: bool = True
    is_cut_short: bool = False
    """By something that is in no script: a limit, an error, a lost process."""

    @classmethod
    def of(cls, name: str) -> "Origin":
        """The run or the pretrained model of that name.

        Raises:
            ValueError: It is damaged.
            OSError: It is not there any more.
        """
        if name in cards.names():
            return cls(id=name, config=cards.card_of(name).config, is_pretrained=True)
        run = backend.store().open(name)
        state, script = run.state(), script_of(backend.history(name))
        is_stopped = state.status == "stopped" and script[-1:] and "stop" in script[-1][1].values()
        return cls(
            id=name,
            config=run.config(),
            script=script,
            forked=run.origin(),
            is_over=state.status not in ("waiting", "running"),
            is_cut_short=state.status in ("failed", "stopped") and not is_stopped,
        )

    @property
    def is_repeatable(self) -> bool:
        """Whether its configuration and its script say all."""
        return not (self.is_pretrained or self.forked or self.is_cut_short)

    @property
    def changes(self) -> tuple[Timed, ...]:
        """Of the script what matters for the weights."""
        return tuple(each for each in self.script if each[1]["command"] != "evaluate")

    def source(self, *, keeps_tests: bool = False) -> str:
        """Python for the run or the card.

        Args:
            keeps_tests: Whether tests that were asked for live are to be among its events.
        """
        if not self.is_repeatable:
            return f"find({literal(self.id)})"
        script = self.script if keeps_tests else self.changes
        return call("trained", [config_code(self.config), *_script(script)])

    def network(self) -> str:
        """Python for the network as `afn.answers` takes it."""
        return self.source() if self.is_repeatable else literal(self.id)

    def events(self) -> str:
        """Python for the events of its training, had once more."""
        if self.forked is None:
            return call("train", [config_code(self.config), *_script(self.script)])
        given = [literal(self.forked.run), f"step={self.forked.step}"]
        if changes := self.forked_changes():
            given.append(f"changes={literal(changes)}")
        if self.forked.logits:
            given.append(f"lambda_logits={literal(self.forked.logits)}")
        return call("train_fork", [*given, *_script(self.script)])

    def forked_changes(self) -> dict[str, Any]:
        """Of a fork the settings that were changed."""
        assert self.forked is not None
        return {
            name: value
            for name in CHANGEABLE
            if (value := getattr(self.config, name)) != getattr(self.forked.config, name)
        }

    def training(self) -> tuple[str, ...]:
        """Arguments of the command that trains it."""
        if self.forked is None:
            return ("train", *arguments(self.config, self.script))
        parts = ["fork", self.forked.run, "--step", str(self.forked.step)]
        for name, value in self.forked_changes().items():
            if value is not None:
                parts += spoken(SETTINGS[name], value)
        if self.forked.logits:
            parts += ["--lambda", *(f"{k}={v!r}" for k, v in self.forked.logits.items())]
        return tuple(parts)


def program_of(
    origins: Mapping[str, Origin],
    *parts: str,
    title: str,
    about: str,
    configs: Mapping[str, TrainConfig] | None = None,
    notes: Sequence[str] = (),
    **more: Any,
) -> Program:
    """A program about networks.

    Args:
        origins: The networks, as they are called on screen.
        parts: Of its Python.
        title: Of it.
        about: What the screen shows, as plain text.
        configs: Configurations that come along; None for the networks'.
        notes: What else is to be known, besides where the networks come from.
        more: Of `Program`.
    """
    given = {label: each.config for label, each in origins.items()} if configs is None else configs
    values = {label: config.to_json() for label, config in given.items()}
    told = [*notes, origins_note(origins.values())]
    return Program(
        title=title,
        about=plain(about),
        python=program(*parts),
        files={"configurations.json": json.dumps(values, indent=1, ensure_ascii=False)},
        **{"note": " ".join(filter(None, told))} | more,
    )


def seeds_of(origins: Mapping[Any, Origin]) -> str:
    """Of the networks."""
    return distinct(each.config.seed for each in origins.values())


def origins_note(networks: Iterable[Origin], *, names_runs: bool = True) -> str:
    """What is to be known of where the networks come from."""
    origins = list(networks)
    lines = []
    if any(each.changes and each.is_repeatable for each in origins):
        lines.append(
            "Settings were changed while a network trained: the script says what and when."
        )
    if bound := [each.id for each in origins if not (each.is_pretrained or each.is_repeatable)]:
        lines.append(
            f"No configuration says all of {', '.join(bound)} (a fork, or cut short): the run's "
            "own folder below AFN_RUNS_DIR is needed."
        )
    if any(not each.is_over for each in origins):
        lines.append("A network still trains: the program trains it to its end.")
    if names_runs and any(not each.is_pretrained for each in origins):
        lines.append(
            "Commands name runs by the ids that they have in this app's AFN_RUNS_DIR; the Python "
            "finds them there, or trains what is missing."
        )
    return " ".join(lines)


def script_of(history: History) -> tuple[Timed, ...]:
    """What was changed, tested or stopped by hand, by step; pauses change nothing."""
    return tuple(
        (record["step"], {key: value for key, value in record.items() if key in _COMMAND})
        for record in history.commands
        if "error" not in record and record.get("command") in ("set", "evaluate", "stop")
    )


_COMMAND = ("command", *LIVE, "lambda", "severity")


def _script(script: Sequence[Timed]) -> list[str]:
    if not script:
        return []
    lines = "".join(f"    ({step}, {literal(command)}),\n" for step, command in script)
    return [f"script=[\n{lines}]"]
