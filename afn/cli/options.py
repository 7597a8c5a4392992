"""What ``python -m afn train`` takes: every setting, and changes at steps; and how to say both."""

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from afn.files import read_named_text
from afn.settings.commands import Command, Timed, check_command
from afn.settings.config import LIVE, SETTINGS, TrainConfig
from afn.settings.lambda_init import LAMBDAS, LambdaInit
from afn.settings.setting import Setting


def add_options(parser: argparse.ArgumentParser) -> None:
    """Every setting of a run, and what changes while it trains."""
    for setting in SETTINGS.values():
        add_option(parser, setting)
    parser.add_argument("--config", type=Path, help="a run's config.json to start from")
    parser.add_argument(
        "--at", nargs=2, action="append", default=[], metavar=("STEP", "CHANGE"),
        help=f"behind so many steps, {', '.join(f'{name}=X' for name in LIVE)}, lambda.NAME="
        "LOGIT, evaluate=SEVERITY or stop; may be repeated",
    )  # fmt: skip


def add_option(parser: argparse.ArgumentParser, setting: Setting, *, otherwise: str = "") -> None:
    """The option of one setting.

    Args:
        parser: It is added to that.
        setting: Its row.
        otherwise: What holds where it is not given; the setting's default unless said.
    """
    otherwise = otherwise or setting.words(setting.default, TrainConfig())
    takes = f": {setting.takes}" if setting.takes else ""
    more: dict[str, Any] = {"help": f"{setting.title}{takes} (default: {otherwise})"}
    match setting.kind:
        case "switch":
            more["action"] = argparse.BooleanOptionalAction
        case "whole" | "number":
            more |= {"type": int if setting.kind == "whole" else float, "metavar": "X"}
        case "wholes":
            more |= {"type": int, "nargs": "+", "metavar": "C"}
        case "names":
            more |= {"nargs": "*", "metavar": "NAME"}
        case "start":
            presets = ", ".join(LambdaInit.PRESETS)
            more |= {"nargs": "+", "metavar": "START"}
            more["help"] = f"start of λ: {presets}, and NAME=LOGIT for some of them"
        case _:
            more["metavar"] = "NAME"
    parser.add_argument(setting.option, default=None, **more)


def spoken(setting: Setting, value: Any) -> list[str]:
    """The option that gives a setting that value."""
    match value:
        case bool():
            return [setting.option if value else setting.option.replace("--", "--no-", 1)]
        case tuple():
            return [setting.option, *map(str, value)]
        case LambdaInit():
            return [setting.option, *_lambda_arguments(value)]
    return [setting.option, str(value)]


def config_of(options: argparse.Namespace) -> TrainConfig:
    """The configuration that the options say.

    Raises:
        ValueError: A value is out of range, or the file cannot be read or is no configuration.
    """
    base = TrainConfig()
    if options.config:
        try:
            record = json.loads(read_named_text(options.config, "a configuration as JSON"))
        except json.JSONDecodeError as error:
            raise ValueError(f"{options.config} is not JSON: {error}") from error
        base = TrainConfig.from_json(
            record.get("config", record) if isinstance(record, dict) else record
        )
    given = {
        name: getattr(options, name)
        for name in SETTINGS
        if getattr(options, name, None) is not None
    }
    for name, value in given.items():
        if SETTINGS[name].is_list:
            given[name] = tuple(value)
    if "lambda_init" in given:
        given["lambda_init"] = _lambda_start(given["lambda_init"], base.lambda_init)
    return replace(base, **given)


def arguments(config: TrainConfig, script: Sequence[Timed] = ()) -> list[str]:
    """What ``python -m afn train`` is to be told; the inverse of `config_of` and `script_of`."""
    parts = ["--norm", config.norm]
    for name, setting in SETTINGS.items():
        value = getattr(config, name)
        if name != "norm" and value != setting.default:
            parts += spoken(setting, value)
    for step, command in script:
        for change in _changes(command):
            parts += ["--at", str(step), change]
    return parts


def script_of(given: Sequence[tuple[str, str]]) -> list[Timed]:
    """The script that ``--at`` says.

    Raises:
        ValueError: A step is no whole number, or a change is none.
    """
    script = []
    for step, change in given:
        if not step.isdigit():
            raise ValueError(f"--at takes a step of 0 or more and a change, got {step!r}")
        script.append((int(step), check_command(_command(change))))
    return sorted(script, key=lambda each: each[0])


def _lambda_start(given: Sequence[str], before: LambdaInit) -> LambdaInit:
    """A start of λ from a preset's name, some logits, or a preset with some logits changed.

    Raises:
        ValueError: Neither a preset nor NAME=LOGIT.
    """
    start = before
    for text in given:
        name, is_logit, value = text.partition("=")
        if text in LambdaInit.PRESETS:
            start = LambdaInit.PRESETS[text]
        elif text in ("gate=linear", "gate=sigmoid"):
            start = replace(start, rescale_gate="linear" if value == "linear" else "sigmoid")
        elif is_logit and name in LAMBDAS:
            values: dict[str, Any] = {name: _number(text, value)}
            start = replace(start, **values)
        else:
            raise ValueError(
                f"a start of λ is one of {', '.join(LambdaInit.PRESETS)}, "
                f"{', '.join(f'{each}=LOGIT' for each in LAMBDAS)} or gate=linear, got {text!r}"
            )
    return start


def _lambda_arguments(start: LambdaInit) -> list[str]:
    """The inverse of `_lambda_start`."""
    for name, preset in LambdaInit.PRESETS.items():
        if preset == start:
            return [name]
    gate = ["gate=linear"] if start.rescale_gate == "linear" else []
    return ["paper", *gate, *(f"{name}={getattr(start, name)!r}" for name in LAMBDAS)]


def _command(change: str) -> Command:
    if change == "stop":
        return {"command": "stop"}
    name, _, text = change.partition("=")
    value: Any = _number(change, text)
    is_whole = name == "evaluate" or (name in LIVE and SETTINGS[name].kind == "whole")
    if is_whole and value == int(value):
        value = int(value)
    if name == "evaluate":
        return {"command": "evaluate", "severity": value}
    if name.startswith("lambda."):
        return {"command": "set", "lambda": {name.removeprefix("lambda."): value}}
    return {"command": "set", name: value}


def _changes(command: Command) -> list[str]:
    if command["command"] == "evaluate":
        return [f"evaluate={command['severity']}"]
    if command["command"] != "set":
        return [command["command"]]
    logits = command.get("lambda", {})
    return [f"lambda.{name}={value!r}" for name, value in logits.items()] + [
        f"{name}={command[name]!r}" for name in LIVE if name in command
    ]


def _number(text: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise ValueError(f"expected a number behind =, got {text!r}")
    return number
