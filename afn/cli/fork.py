"""``python -m afn fork``: a run from one of its checkpoints on, with something changed."""

import argparse

from afn.cli.options import add_option
from afn.cli.telling import Say, tell
from afn.pretrained.cards import pretrained_names
from afn.settings.config import CHANGEABLE, SETTINGS
from afn.settings.lambda_init import LAMBDAS
from afn.work.memory import keep_freed_memory


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("run_id", help="the run to fork; it stays as it is")
    parser.add_argument("--step", type=int, help="of a checkpoint (default: the newest)")
    for name in CHANGEABLE:
        add_option(parser, SETTINGS[name], otherwise="as it was")
    parser.add_argument(
        "--lambda", dest="logits", nargs="+", default=[], metavar="NAME=LOGIT",
        help=f"set λ in all layers: {', '.join(LAMBDAS)}",
    )  # fmt: skip
    parser.add_argument("--name", default="", help="a label (default: what was changed)")


def run(options: argparse.Namespace, say: Say) -> None:
    """Fork, and train to the end in this process."""
    from afn.runs.fork import fork
    from afn.runs.store import RunStore

    changes = {
        name: value for name in CHANGEABLE if (value := getattr(options, name, None)) is not None
    }
    if options.run_id in pretrained_names():
        raise ValueError(
            f"{options.run_id} is a pretrained model, whose training cannot go on: name a run, see "
            f"`python -m afn runs`"
        )
    store = RunStore()
    forked = fork(
        store, store.open(options.run_id),
        step=options.step, changes=changes, lambda_logits=logits_of(options.logits),
        name=options.name,
    )  # fmt: skip
    say(
        f"run {forked.id} in {forked.path}",
        {"kind": "run", "id": forked.id, "path": str(forked.path)},
    )
    import torch

    from afn.engine.execution import execute

    torch.set_num_threads(1)
    keep_freed_memory()
    tell(execute(forked), forked, forked.config(), say)


def logits_of(texts: list[str]) -> dict[str, float]:
    """λ by name, from texts such as ``mu=0``.

    Raises:
        ValueError: One is of another form.
    """
    logits = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            logits[name] = float(value)
        except ValueError:
            raise ValueError(
                f"--lambda takes NAME=LOGIT, for instance mu=0 sigma=-3, got {text!r}"
            ) from None
    return logits
