"""The command line: ``python -m afn COMMAND --help``.

Each command prints what it did, as JSON lines with ``--json``, and ends with status 1 and one line
on bad input.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from afn import __version__
from afn.ask.records import COUNTED, NETWORKS, ORDERS
from afn.cli import compare as comparing_command
from afn.cli import convert as convert_command
from afn.cli import cost as command
from afn.cli import course as course_command
from afn.cli import fork as fork_command
from afn.cli import inside as inside_command
from afn.cli import options as train_options
from afn.cli import pretrained as pretrained_command
from afn.cli import resume as resume_command
from afn.cli import serve as serve_command
from afn.cli import sweep as sweep_command
from afn.cli.telling import Say, tell
from afn.corruptions.applying import left_out, left_out_record, left_out_words
from afn.engine.ready import check_ready
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.wording import count_words, statistics_told
from afn.work.memory import keep_freed_memory

_DATA = """
List what can be trained on, with image size and numbers of training and test images, and how to
get the rest. The folder that AFN_DATA_DIR names (default ~/.cache/afn/data) may hold archives
NAME.npz (x_train, y_train, x_test, y_test, and class_names if labels are numbers), torchvision's
own folders, and image trees NAME/DOMAIN/CLASS/*. Names keep their script; capitals become small,
and spaces and signs hyphens. Classes are the same in two sets where they have the same name.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; exits with 1 and one line on bad input, 130 on Ctrl-C."""
    options = _parser().parse_args(arguments)

    def say(line: str, record: dict[str, Any]) -> None:
        print(json.dumps(record, ensure_ascii=False) if options.json else line, flush=True)

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
        print("stopped", file=sys.stderr)
        sys.exit(130)


def _told(error: OSError) -> str:
    """Its own words; those of the operating system without their number."""
    if error.strerror is None or error.filename is None:
        return str(error)
    return f"{error.filename}: {error.strerror.lower()}"


def _fail(line: str, status: int = 1) -> NoReturn:
    print(f"afn: {' '.join(line.split())}", file=sys.stderr)
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
    evaluate.add_argument("name", metavar="NAME", help="a run's id, or a pretrained model's name")
    evaluate.add_argument("--severity", type=int, help="1 to 5 (default 3)")
    evaluate.add_argument(
        "--corruption", action="append", choices=["clean", *CORRUPTION_NAMES],
        help="may be repeated (default: clean and what the run tested)",
    )  # fmt: skip
    _add_test_options(evaluate)
    evaluate.add_argument(
        "--batch-size", type=int, nargs="+", help="test batch, or several (default: the run's)"
    )
    evaluate.add_argument("--images", type=int, help="at most so many (default: the run's)")
    grid = evaluate.add_argument_group("corruption grid")
    grid.add_argument(
        "--grid", action="store_true",
        help="all severities of all corruptions, or of those named; kept, and not made again",
    )  # fmt: skip
    grid.add_argument(
        "--order", choices=[*ORDERS, *COUNTED], nargs="+",
        help="of the test images, or several; “3 classes”: each batch holds three (default mixed)",
    )  # fmt: skip
    grid.add_argument("--baseline", metavar="NAME", help="for the mean corruption error")
    evaluate.set_defaults(run=_evaluate)

    domains = commands.add_parser(
        "domains", parents=[common], help="test models on the clean images of several domains"
    )
    domains.add_argument("names", nargs="+", metavar="NAME", help="runs and pretrained models")
    domains.add_argument("--on", nargs="+", required=True, metavar="DOMAIN", help="data sets")
    _add_test_options(domains)
    domains.add_argument("--batch-size", type=int, default=128, help="test batch (default 128)")
    domains.add_argument("--images", type=int, default=2000, help="of each domain (default 2000)")
    domains.add_argument("--order", choices=ORDERS, default="mixed", help="(default mixed)")
    domains.set_defaults(run=_domains)

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

    compare = commands.add_parser(
        "compare", parents=[common], help="which settings of two runs differ, and where they part"
    )
    comparing_command.add_options(compare)
    compare.set_defaults(run=comparing_command.run)

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
        "data", parents=[common], help="list or download data sets", description=_DATA,
    )  # fmt: skip
    data.add_argument("action", choices=["list", "download"], nargs="?", default="list")
    data.add_argument("name", nargs="?", help="what to download")
    data.set_defaults(run=_data)

    serve = commands.add_parser("serve", parents=[common], help="the app, in browsers")
    serve_command.add_options(serve)
    serve.set_defaults(run=serve_command.run)

    runs = commands.add_parser("runs", parents=[common], help="list, show or delete runs")
    runs.add_argument("action", choices=["list", "show", "delete"], nargs="?", default="list")
    runs.add_argument("run_id", nargs="?")
    runs.set_defaults(run=_runs)
    return parser


def _add_test_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stats", choices=["batch", "running"], help="statistics mode")
    parser.add_argument(
        "--networks", choices=NETWORKS, default="on",
        help="of AFN and ASRNorm: off forces every λ to 0; frozen gives them running averages, so "
        "that they answer constants",
    )  # fmt: skip
    parser.add_argument(
        "--no-networks", dest="networks", action="store_const", const="off",
        help="the same as --networks off",
    )  # fmt: skip


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
    tell(events, run, say)


def _evaluate(options: argparse.Namespace, say: Say) -> None:
    from afn.ask.sources import config_of, find
    from afn.runs.store import Run

    source = find(options.name)
    if options.grid and options.severity is not None:
        raise ValueError("--grid tests all severities: leave out --severity")
    if not options.grid and options.baseline:
        raise ValueError("--baseline is about a grid: add --grid")
    changes = {
        "severity": 3 if options.severity is None else options.severity,
        "eval_stats": options.stats,
        "eval_images": options.images,
    }
    config = config_of(source)
    config = replace(config, **{k: v for k, v in changes.items() if v is not None})
    sizes = options.batch_size or [config.eval_batch_size]
    is_plain = options.networks == "on" and not options.order and len(sizes) == 1
    if options.grid or not is_plain or not isinstance(source, Run):
        from afn.cli.grid import run_grid

        tested = options.corruption or (CORRUPTION_NAMES if options.grid else config.corruptions)
        for order in options.order or ["mixed"]:
            for size in sizes:
                run_grid(
                    source, replace(config, eval_batch_size=size), say,
                    corruptions=[name for name in tested if name != "clean"],
                    severities=(1, 2, 3, 4, 5) if options.grid else (config.severity,),
                    order=order,
                    networks=options.networks,
                    baseline=find(options.baseline) if options.baseline else None,
                )  # fmt: skip
        return
    config = replace(config, eval_batch_size=sizes[0])
    weights = source.require_weights()
    import torch

    from afn.engine.training import Training
    from afn.stats.intervals import wilson_interval

    torch.set_num_threads(1)
    training = Training(config)
    training.restore(weights)
    training.severity = config.severity
    absent = left_out(
        ((name, config.severity) for name in options.corruption or config.corruptions),
        config.dataset,
        training.data.image_shape,
    )
    if absent:
        say(left_out_words(absent.values()), left_out_record(absent))
    for name in options.corruption or ["clean", *config.corruptions]:
        if (name, config.severity) in absent:
            continue
        result = training.test(None if name == "clean" else name).values
        low, high = wilson_interval(result["correct"], result["n"])
        say(
            f"{name:<16} {100 * result['accuracy']:6.2f} %  95 % CI {100 * low:.2f} to "
            f"{100 * high:.2f}  ({count_words(result['n'], 'image')} of {result['dataset']}, "
            f"statistics: {statistics_told(result['statistics'], result['n'])})",
            {**result, "low95": low, "high95": high, "weights": weights.name},
        )


def _domains(options: argparse.Namespace, say: Say) -> None:
    from afn.cli import domains as domains_command

    domains_command.run(options, say)


def _rescaling(options: argparse.Namespace, say: Say) -> None:
    from afn.cli import rescaling as rescaling_command

    rescaling_command.run(options, say)


def _movement(options: argparse.Namespace, say: Say) -> None:
    from afn.cli import movement as movement_command

    movement_command.run(options, say)


def _data(options: argparse.Namespace, say: Say) -> None:
    from dataclasses import asdict

    from afn.data import catalogue, download, unread

    if options.action == "download":
        if not options.name:
            raise ValueError("name what to download; `python -m afn data` lists what there is")
        download(options.name)
        say(f"{options.name} is in the data folder", {"downloaded": options.name})
        return
    for entry in catalogue().values():
        height, width, channels = entry.image_shape
        say(
            f"{entry.name:<18} {entry.status:<13} {height}×{width}×{channels}  "
            f"{entry.num_train:>6} + {entry.num_test:<6} {entry.how_to_get or entry.title}"
            f"{f'; left out: {entry.left_out}' if entry.left_out else ''}",
            {**asdict(entry), "num_classes": entry.num_classes},
        )
    for line in unread():
        say(f"not read: {line}", {"not_read": line})


def _runs(options: argparse.Namespace, say: Say) -> None:
    from afn.runs.store import RunStore

    store = RunStore()
    if options.action == "list":
        for run in store.list():
            state = run.state()
            accuracy = (state.summary or {}).get("accuracy")
            say(
                f"{run.id}  {state.status:<9} "
                f"{'' if accuracy is None else f'{100 * accuracy:6.2f} %'}  {state.reason}",
                {"id": run.id, "status": state.status, "reason": state.reason,
                 "summary": state.summary},
            )  # fmt: skip
        return
    if not options.run_id:
        raise ValueError(f"name the run to {options.action}; `python -m afn runs` lists them")
    run = store.open(options.run_id)
    if options.action == "delete":
        run.delete()
        say(f"deleted {run.id}", {"deleted": run.id})
        return
    record, state = run.record(), run.state()
    text = json.dumps(record, indent=1, ensure_ascii=False)
    say(f"{run.id}: {state.status} {state.reason}\n{text}", {**record, "status": state.status})
