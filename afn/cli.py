"""The command line: ``python -m afn train|fork|evaluate|sweep|bench|pretrained|data|runs --help``.

Each command prints what it did, as JSON lines with ``--json``, and ends with status 1 and one line
on bad input.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from afn import fork_command
from afn.corruptions.severities import SEVERITIES
from afn.cost import command
from afn.engine.config import BACKBONE_NAMES, LIMITS, NORM_NAMES, TrainConfig
from afn.grids.records import ORDERS
from afn.lambda_init import LambdaInit
from afn.memory import keep_freed_memory
from afn.pretrained import command as pretrained_command
from afn.sweep import command as sweep_command
from afn.telling import Say, tell


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
    except (ValueError, OSError, ArithmeticError, RuntimeError, ImportError) as error:
        _fail(str(error))
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)


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
    commands = parser.add_subparsers(required=True, metavar="command")
    common = _Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="print JSON lines")

    train = commands.add_parser("train", parents=[common], help="train one network")
    _add_config_options(train)
    train.add_argument("--config", type=Path, help="a run's config.json to start from")
    train.add_argument("--no-store", action="store_true", help="keep nothing on disk")
    train.add_argument("--name", default="", help="a label for the run")
    train.set_defaults(run=_train)

    fork = commands.add_parser(
        "fork", parents=[common], help="train on from a run's checkpoint, with something changed"
    )
    fork_command.add_options(fork)
    fork.set_defaults(run=fork_command.run)

    evaluate = commands.add_parser("evaluate", parents=[common], help="test a run's weights")
    evaluate.add_argument("run_id")
    evaluate.add_argument("--severity", type=int, help="1 to 5 (default 3)")
    evaluate.add_argument(
        "--corruption", action="append", choices=["clean", *SEVERITIES],
        help="may be repeated (default: clean and what the run tested)",
    )  # fmt: skip
    evaluate.add_argument("--stats", choices=["batch", "running"], help="statistics mode")
    evaluate.add_argument("--batch-size", type=int, help="test batch (default: the run's)")
    evaluate.add_argument("--images", type=int, help="at most so many (default: the run's)")
    grid = evaluate.add_argument_group("corruption grid")
    grid.add_argument(
        "--grid", action="store_true",
        help="all severities of all 19 corruptions, or of those named; kept, and not made again",
    )  # fmt: skip
    grid.add_argument("--order", choices=ORDERS, help="of the test images (default mixed)")
    grid.add_argument("--baseline", metavar="RUN_ID", help="for the mean corruption error")
    evaluate.set_defaults(run=_evaluate)

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

    data = commands.add_parser("data", parents=[common], help="list or download data sets")
    data.add_argument("action", choices=["list", "download"], nargs="?", default="list")
    data.add_argument("name", nargs="?", help="what to download")
    data.set_defaults(run=_data)

    runs = commands.add_parser("runs", parents=[common], help="list, show or delete runs")
    runs.add_argument("action", choices=["list", "show", "delete"], nargs="?", default="list")
    runs.add_argument("run_id", nargs="?")
    runs.set_defaults(run=_runs)
    return parser


def _add_config_options(parser: argparse.ArgumentParser) -> None:
    default = TrainConfig()
    parser.add_argument("--dataset", help=f"(default {default.dataset}); see `afn data`")
    parser.add_argument("--norm", metavar="NAME", help=", ".join(NORM_NAMES))
    parser.add_argument("--backbone", metavar="NAME", help=", ".join(BACKBONE_NAMES))
    parser.add_argument("--widths", type=int, nargs="+", metavar="C", help="convnet's channels")
    for name, (low, high) in LIMITS.items():
        value = getattr(default, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=type(value), metavar="X",
            help=f"{low:g} to {high:g} (default {value:g})",
        )  # fmt: skip
    parser.add_argument("--lambda-init", choices=list(LambdaInit.PRESETS), help="start of λ")
    parser.add_argument("--stan-width", type=int)
    parser.add_argument("--rescale-width", type=int)
    parser.add_argument("--no-adaptive", dest="adaptive", action="store_false", default=None)
    parser.add_argument("--formula", choices=["paper", "reference"])
    parser.add_argument("--lr-schedule", choices=["constant", "cosine"], help="(default constant)")
    parser.add_argument("--augment", choices=["none", "crop_flip"], help="(default none)")
    parser.add_argument("--eval-stats", choices=["batch", "running"])


def _config(options: argparse.Namespace) -> TrainConfig:
    base = TrainConfig()
    if options.config:
        try:
            record = json.loads(options.config.read_bytes())
        except ValueError as error:
            raise ValueError(f"{options.config} is not JSON: {error}") from error
        base = TrainConfig.from_json(
            record.get("config", record) if isinstance(record, dict) else record
        )
    given = {
        name: getattr(options, name)
        for name in TrainConfig.__slots__
        if getattr(options, name, None) is not None
    }
    if "widths" in given:
        given["widths"] = tuple(given["widths"])
    if "lambda_init" in given:
        given["lambda_init"] = LambdaInit.PRESETS[given["lambda_init"]]
    return replace(base, **given)


def _train(options: argparse.Namespace, say: Say) -> None:
    config = _config(options)
    import torch

    from afn.engine.execution import execute, train
    from afn.runs import RunStore

    torch.set_num_threads(1)
    keep_freed_memory()
    run = None
    if options.no_store:
        events = train(config)
    else:
        run = RunStore().create(config, name=options.name)
        say(f"run {run.id} in {run.path}", {"kind": "run", "id": run.id, "path": str(run.path)})
        events = execute(run)
    tell(events, run, say)


def _evaluate(options: argparse.Namespace, say: Say) -> None:
    from afn.runs import RunStore

    store = RunStore()
    run = store.open(options.run_id)
    if options.grid and options.severity is not None:
        raise ValueError("--grid tests all severities: leave out --severity")
    if not options.grid and (options.order or options.baseline):
        raise ValueError("--order and --baseline are about a grid: add --grid")
    changes = {
        "severity": 3 if options.severity is None else options.severity,
        "eval_stats": options.stats,
        "eval_batch_size": options.batch_size,
        "eval_images": options.images,
    }
    config = replace(run.config(), **{k: v for k, v in changes.items() if v is not None})
    if options.grid:
        from afn.grids.command import run_grid

        run_grid(
            run, config, say,
            corruptions=[name for name in options.corruption or SEVERITIES if name != "clean"],
            order=options.order or "mixed",
            baseline=store.open(options.baseline) if options.baseline else None,
        )  # fmt: skip
        return
    weights = run.require_weights()
    import torch

    from afn.engine.training import Training
    from afn.intervals import wilson_interval

    torch.set_num_threads(1)
    training = Training(config)
    training.restore(weights)
    training.severity = config.severity
    for name in options.corruption or ["clean", *config.corruptions]:
        result = training.test(None if name == "clean" else name).values
        low, high = wilson_interval(result["correct"], result["n"])
        say(
            f"{name:<16} {100 * result['accuracy']:6.2f} %  95 % CI {100 * low:.2f} to "
            f"{100 * high:.2f}  ({result['n']} images of {result['dataset']}, "
            f"statistics: {result['statistics']})",
            {**result, "low95": low, "high95": high, "weights": weights.name},
        )


def _data(options: argparse.Namespace, say: Say) -> None:
    from dataclasses import asdict

    from afn.data import catalogue, download

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
            f"{entry.num_train:>6} + {entry.num_test:<6} {entry.how_to_get or entry.title}",
            asdict(entry),
        )


def _runs(options: argparse.Namespace, say: Say) -> None:
    from afn.runs import RunStore

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
