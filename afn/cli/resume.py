"""``python -m afn resume``: an ended run goes on from its last checkpoint, with other settings."""

import argparse

from afn.cli.fork import logits_of
from afn.cli.options import add_option
from afn.cli.telling import Say, tell
from afn.settings.commands import Command, check_command
from afn.settings.config import LIVE, SETTINGS
from afn.settings.lambda_init import LAMBDAS
from afn.work.memory import keep_freed_memory


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("run_id", help="a run that was stopped or failed")
    for name in LIVE:
        add_option(parser, SETTINGS[name], otherwise="as it was at the checkpoint")
    parser.add_argument(
        "--lambda", dest="logits", nargs="+", default=[], metavar="NAME=LOGIT",
        help=f"set λ in all layers: {', '.join(LAMBDAS)}",
    )  # fmt: skip


def run(options: argparse.Namespace, say: Say) -> None:
    """Train on to the end in this process; what is set counts from the first step on."""
    from afn.runs.store import RunStore
    from afn.work.folder import ENDED

    commands: list[Command] = [
        {"command": "set", name: value}
        for name in LIVE
        if (value := getattr(options, name)) is not None
    ]
    if options.logits:
        commands.append({"command": "set", "lambda": logits_of(options.logits)})
    for command in commands:
        check_command(command)  # all of them before any is sent
    resumed = RunStore().open(options.run_id)
    status = resumed.state().status
    if status not in ENDED or status == "finished":
        raise ValueError(
            f"run {resumed.id} is {status}: only one that was stopped or failed can be resumed; "
            "fork it to go another way"
        )
    resumed.require_weights()
    for command in commands:
        resumed.send(command)
    if not resumed.reopen():
        raise ValueError(f"run {resumed.id} was resumed by somebody else")
    say(f"run {resumed.id} goes on", {"kind": "run", "id": resumed.id, "path": str(resumed.path)})
    import torch

    from afn.engine.execution import execute

    torch.set_num_threads(1)
    keep_freed_memory()
    tell(execute(resumed), resumed, resumed.config(), say)
