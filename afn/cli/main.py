"""The command line: ``python -m afn COMMAND --help``.

Each command prints what it did, as JSON lines with ``--json``, and ends with status 1 and one line
on bad input.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from afn import __version__
from afn.ask.records import ORDERS
from afn.cli import adapt as adapt_command
from afn.cli import advise as advise_command
from afn.cli import compare as comparing_command
from afn.cli import completion as completion_command
from afn.cli import convert as convert_command
from afn.cli import corrupt as corrupt_command
from afn.cli import cost as command
from afn.cli import course as course_command
from afn.cli import data as data_command
from afn.cli import evaluate as evaluate_command
from afn.cli import fork as fork_command
from afn.cli import imported as import_command
from afn.cli import inside as inside_command
from afn.cli import lambda_map as map_command
from afn.cli import options as train_options
from afn.cli import pretrained as pretrained_command
from afn.cli import resume as resume_command
from afn.cli import runs as runs_command
from afn.cli import serve as serve_command
from afn.cli import sweep as sweep_command
from afn.cli import verify as verify_command
from afn.cli.telling import Say, tell
from afn.cli.terminal import complain, show
from afn.engine.ready import check_ready
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.work.memory import keep_freed_memory

FIRST = """
AFN, ASRNorm and batch normalization: train, test and understand them. To begin:

  python -m afn serve                  the app, in a browser: watch them train side by side
  python -m afn train --norm afn       train one here: handwritten digits, half a minute
  python -m afn runs                   what was trained, and how well it does
  python -m afn evaluate mnist5k-afn   test a network that comes along, clean and corrupted
  python -m afn convert torchvision:resnet18 --report    what AFN would change in a network

python -m afn --help lists every command, python -m afn COMMAND --help what it takes.
""".strip()
"""What is said where no command is."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; exits with 1 and one line on bad input, 130 on Ctrl-C."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words:
        show(FIRST)
        return
    options = _parser().parse_args(words)

    def say(line: str, record: dict[str, Any] | None) -> None:
        if not options.json:
            if line:
                show(line, is_heading=record is None)
        elif record is not None:
            print(json.dumps(record, ensure_ascii=False), flush=True)

    try:
        options.run(options, say)
    except BrokenPipeError:  # the reader had enough, as `head` does
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        _fail(_told(error))
    except (ValueError, ArithmeticError, RuntimeError, ImportError) as error:
        _fail(str(error))
    except KeyboardInterrupt:
        complain("stopped")
        sys.exit(130)


def _told(error: OSError) -> str:
    """Its own words; those of the operating system without their number."""
    if error.strerror is None or error.filename is None:
        return str(error)
    return f"{error.filename}: {error.strerror.lower()}"


def _fail(line: str, status: int = 1) -> NoReturn:
    complain(f"afn: {' '.join(line.split())}")
    sys.exit(status)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; ``--help`` says the rest."""

    def error(self, message: str) -> NoReturn:
        _fail(f"{message}; see {self.prog} --help", status=2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m afn", description="Train and test networks with AFN, ASRNorm, BN and more."
    )
    parser.add_argument("--version", action="version", version=f"afn {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    common = _Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="print JSON lines")

    train = commands.add_parser("train", parents=[common], help="train one network")
    train_options.add_options(train)
    train.add_argument("--no-store", action="store_true", help="keep nothing on disk")
    train.add_argument("--name", default="", help="a label for the run")
    train.set_defaults(run=_train)

    fork = commands.add_parser(
        "fork", parents=[common], help="train on from a run's checkpoint, with something changed"
    )
    fork_command.add_options(fork)
    fork.set_defaults(run=fork_command.run)

    resume = commands.add_parser(
        "resume", parents=[common], help="go on with a run that was stopped or failed"
    )
    resume_command.add_options(resume)
    resume.set_defaults(run=resume_command.run)

    evaluate = commands.add_parser(
        "evaluate", parents=[common], help="test the weights of a run or a pretrained model"
    )
    evaluate_command.add_options(evaluate)
    evaluate.set_defaults(run=evaluate_command.run)

    domains = commands.add_parser(
        "domains", parents=[common], help="test models on the clean images of several domains"
    )
    domains.add_argument("names", nargs="+", metavar="NAME", help="runs and pretrained models")
    domains.add_argument("--on", nargs="+", required=True, metavar="DOMAIN", help="data sets")
    evaluate_command.add_test_options(domains)
    domains.add_argument("--batch-size", type=int, default=128, help="test batch (default 128)")
    domains.add_argument("--images", type=int, default=2000, help="of each domain (default 2000)")
    domains.add_argument("--order", choices=ORDERS, default="mixed", help="(default mixed)")
    domains.add_argument("--card", metavar="FILE", help="write the protocol there, for verify")
    domains.set_defaults(run=_domains)

    verify = commands.add_parser(
        "verify", parents=[common], help="ask a protocol card's questions again: what differs?"
    )
    verify_command.add_options(verify)
    verify.set_defaults(run=verify_command.run)

    corrupt = commands.add_parser(
        "corrupt", parents=[common], help="write corrupted variants of images, as CIFAR-10-C's"
    )
    corrupt_command.add_options(corrupt)
    corrupt.set_defaults(run=corrupt_command.run)

    rescaling = commands.add_parser(
        "rescaling", parents=[common], help="how γ̂ and β̂ differ between corruptions or domains"
    )
    rescaling.add_argument("name", metavar="NAME", help="a run, or a pretrained model")
    rescaling.add_argument("--corruption", choices=list(CORRUPTION_NAMES), help="at all severities")
    rescaling.add_argument("--domains", nargs="+", metavar="DOMAIN", help="other data sets")
    rescaling.add_argument("--stats", choices=["batch", "running"], help="statistics mode")
    rescaling.add_argument("--batch-size", type=int, default=128, help="(default 128)")
    rescaling.add_argument("--images", type=int, default=200, help="of each (default 200)")
    rescaling.set_defaults(run=_rescaling)

    movement = commands.add_parser(
        "movement", parents=[common], help="how far the small networks moved from their start"
    )
    movement.add_argument("names", nargs="*", metavar="NAME", help="runs and pretrained models")
    movement.add_argument("--all", action="store_true", help="every pretrained model that has some")
    movement.add_argument(
        "--images", type=int, default=512,
        help="test images shown, clean and under each of 15 corruptions at severity 5 (default "
        "512); 0 looks at the weights alone",
    )  # fmt: skip
    movement.add_argument("--batch-size", type=int, default=128, help="(default 128)")
    movement.add_argument(
        "--output", metavar="FILE", help="keep it there, and measure only what is not in it"
    )
    movement.set_defaults(run=_movement)

    course = commands.add_parser(
        "course", parents=[common], help="what λ, γ̂ and β̂ were as a network learned"
    )
    course_command.add_options(course)
    course.set_defaults(run=course_command.run)

    inside = commands.add_parser(
        "inside", parents=[common], help="what a norm layer does with a batch, step by step"
    )
    inside_command.add_options(inside)
    inside.set_defaults(run=inside_command.run)

    mapped = commands.add_parser(
        "map", parents=[common], help="how accuracy changes over λ_μ and λ_σ"
    )
    map_command.add_options(mapped)
    mapped.set_defaults(run=map_command.run)

    compare = commands.add_parser(
        "compare", parents=[common], help="which settings of two runs differ, and where they part"
    )
    comparing_command.add_options(compare)
    compare.set_defaults(run=comparing_command.run)

    imported = commands.add_parser(
        "import", parents=[common], help="is a difference real? Your own metrics over seeds"
    )
    import_command.add_options(imported)
    imported.set_defaults(run=import_command.run)

    adapt = commands.add_parser(
        "adapt", parents=[common], help="networks that adapt to a stream of test images"
    )
    adapt_command.add_options(adapt)
    adapt.set_defaults(run=adapt_command.run)

    advise = commands.add_parser(
        "advise", parents=[common], help="should your own model use it? Measured on your data"
    )
    advise_command.add_options(advise)
    advise.set_defaults(run=advise_command.run)

    convert = commands.add_parser(
        "convert", parents=[common], help="what another norm does to a model, and proof of it"
    )
    convert_command.add_options(convert)
    convert.set_defaults(run=convert_command.run)

    sweep = commands.add_parser(
        "sweep", parents=[common], help="train all combinations of some settings, over seeds"
    )
    sweep_command.add_options(sweep)
    sweep.set_defaults(run=sweep_command.run)

    bench = commands.add_parser("bench", parents=[common], help="measure what norms cost")
    command.add_options(bench)
    bench.set_defaults(run=command.run)

    pretrained = commands.add_parser(
        "pretrained", parents=[common], help="list, show or train the models that come along"
    )
    pretrained_command.add_options(pretrained)
    pretrained.set_defaults(run=pretrained_command.run)

    data = commands.add_parser(
        "data", parents=[common], help="list or download data sets",
        description=data_command.DESCRIPTION,
    )  # fmt: skip
    data_command.add_options(data)
    data.set_defaults(run=data_command.run)

    serve = commands.add_parser("serve", parents=[common], help="the app, in browsers")
    serve_command.add_options(serve)
    serve.set_defaults(run=serve_command.run)

    runs = commands.add_parser("runs", parents=[common], help="list, show or delete runs")
    runs_command.add_options(runs)
    runs.set_defaults(run=runs_command.run)

    completion = commands.add_parser(
        "completion", parents=[common], help="what completes commands in a shell"
    )
    completion_command.add_options(completion)
    completion.set_defaults(run=lambda options, say: completion_command.run(parser, options, say))
    return parser


def _train(options: argparse.Namespace, say: Say) -> None:
    config, timed = train_options.config_of(options), train_options.script_of(options.at)
    check_ready(config)
    import torch

    from afn.engine.execution import execute, train
    from afn.runs.store import RunStore

    torch.set_num_threads(1)
    keep_freed_memory()
    run = None
    if options.no_store:
        events = train(config, script=timed)
    else:
        run = RunStore().create(config, name=options.name)
        say(f"run {run.id} in {run.path}", {"kind": "run", "id": run.id, "path": str(run.path)})
        events = execute(run, script=timed)
    tell(events, run, config, say)


def _domains(options: argparse.Namespace, say: Say) -> None:
    from afn.cli import domains as domains_command

    domains_command.run(options, say)


def _rescaling(options: argparse.Namespace, say: Say) -> None:
    from afn.cli import rescaling as rescaling_command

    rescaling_command.run(options, say)


def _movement(options: argparse.Namespace, say: Say) -> None:
    from afn.cli import movement as movement_command

    movement_command.run(options, say)
