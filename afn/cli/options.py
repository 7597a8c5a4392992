"""What ``python -m afn train`` takes: every setting, and changes at steps; and how to say both."""

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from afn.files import read_named_text
from afn.settings.commands import SETTINGS, Command, Timed, check_command
from afn.settings.config import AUGMENTS, BACKBONE_NAMES, LIMITS, NORM_NAMES, TrainConfig
from afn.settings.lambda_init import LAMBDAS, LambdaInit

_WHOLE = ("batch_size", "evaluate")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Every setting of a run, and what changes while it trains."""
    default = TrainConfig()
    parser.add_argument("--dataset", help=f"(default {default.dataset}); see `afn data`")
    parser.add_argument("--norm", metavar="NAME", help=", ".join(NORM_NAMES))
    parser.add_argument("--backbone", metavar="NAME", help=", ".join(BACKBONE_NAMES))
    parser.add_argument("--widths", type=int, nargs="+", metavar="C", help="convnet's channels")
    parser.add_argument(
        "--corruptions", nargs="*", metavar="NAME", help="tested at each epoch's end (default six)"
    )
    parser.add_argument("--test-domains", nargs="*", metavar="NAME", help="tested at the end")
    for name, (low, high) in LIMITS.items():
        value = getattr(default, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=type(value), metavar="X",
            help=f"{low:g} to {high:g} (default {value:g})",
        )  # fmt: skip
    parser.add_argument(
        "--lambda-init", nargs="+", metavar="START",
        help=f"start of λ: {', '.join(LambdaInit.PRESETS)}, and NAME=LOGIT for some of them",
    )  # fmt: skip
    parser.add_argument("--stan-width", type=int)
    parser.add_argument("--rescale-width", type=int)
    parser.add_argument("--norm-eps", type=float, metavar="X", help="(default the norm's own)")
    parser.add_argument("--no-adaptive", dest="adaptive", action="store_false", default=None)
    parser.add_argument("--frozen-networks", action="store_true", default=None)
    parser.add_argument("--formula", choices=["paper", "reference"])
    parser.add_argument("--lr-schedule", choices=["constant", "cosine"], help="(default constant)")
    parser.add_argument("--augment", choices=AUGMENTS, help="(default none)")
    parser.add_argument("--eval-stats", choices=["batch", "running"])
    parser.add_argument("--config", type=Path, help="a run's config.json to start from")
    parser.add_argument(
        "--at", nargs=2, action="append", default=[], metavar=("STEP", "CHANGE"),
        help=f"behind so many steps, {', '.join(f'{name}=X' for name in SETTINGS)}, lambda.NAME="
        "LOGIT, evaluate=SEVERITY or stop; may be repeated",
    )  # fmt: skip


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
        for name in TrainConfig.__slots__
        if getattr(options, name, None) is not None
    }
    for name in ("widths", "corruptions", "test_domains"):
        if name in given:
            given[name] = tuple(given[name])
    if "lambda_init" in given:
        given["lambda_init"] = _lambda_start(given["lambda_init"], base.lambda_init)
    return replace(base, **given)


def arguments(config: TrainConfig, script: Sequence[Timed] = ()) -> list[str]:
    """What ``python -m afn train`` is to be told; the inverse of `config_of` and `script_of`."""
    default, parts = TrainConfig(), ["--norm", config.norm]
    for name in TrainConfig.__slots__:
        value = getattr(config, name)
        if name == "norm" or value == getattr(default, name):
            continue
        option = f"--{name.replace('_', '-')}"
        match value:
            case bool():
                parts += [option if value else f"--no-{name}"]  # that which is not the default
            case tuple():
                parts += [option, *map(str, value)]
            case LambdaInit():
                parts += [option, *_lambda_arguments(value)]
            case _:
                parts += [option, str(value)]
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
    if name in _WHOLE and value == int(value):
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
        f"{name}={command[name]!r}" for name in SETTINGS if name in command
    ]


def _number(text: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise ValueError(f"expected a number behind =, got {text!r}")
    return number
