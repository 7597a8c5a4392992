"""``python -m afn bench``: the project's own figures, or a sweep."""

import argparse
import json
import os
import platform
import shlex
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from afn.cli.telling import Say
from afn.cli.terminal import Bar, bar
from afn.cost.plan import BATCH_SIZES, CHANNELS, SIZES, SUBJECTS, Plan
from afn.cost.records import Measurement, ModelCost, Reached, describe_machine
from afn.files import check_output
from afn.settings.norms import NORM_NAMES
from afn.work.memory import keep_freed_memory
from afn.work.processes import identity

_Said = Iterator[tuple[str, dict[str, Any]]]
"""A line to people, and the record to programs."""
_SECONDS_BETWEEN_PROGRESS = 0.5


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command can be told."""
    parser.description = (
        "Without --subject: the figures that AFN is to meet, and whether it does. With it: what "
        "every norm costs in every combination of the sizes. On one thread, in channels_last; "
        "norms take turns, step by step, and medians are given."
    )

    def several(name: str, default: tuple[int, ...], what: str) -> None:
        words = f"{what} (default {' '.join(map(str, default))})"
        parser.add_argument(f"--{name}", type=int, nargs="+", metavar="X", help=words)

    parser.add_argument("--subject", nargs="+", metavar="NAME", help=", ".join(SUBJECTS))
    several("channels", CHANNELS, "channels of the layer")
    several("size", SIZES, "height and width of the layer's images")
    several("batch-size", BATCH_SIZES, "images per step")
    parser.add_argument(
        "--norms", nargs="+", metavar="NAME",
        help=f"{', '.join(NORM_NAMES)} (default all); bn, the yardstick, comes along",
    )  # fmt: skip
    parser.add_argument(
        "--model", nargs="+", metavar="SOURCE",
        help="your own, FILE.py:FUNCTION or ARCHITECTURE:FILE.safetensors, beside this package's "
        "networks on images like its own: what an answer costs",
    )  # fmt: skip
    parser.add_argument("--rounds", type=int, metavar="X", help="timed steps each (default 30)")
    parser.add_argument("--device", help="cpu (default) or cuda; for sweeps")
    parser.add_argument("--output", type=Path, metavar="FILE", help="keep the records in a file")
    parser.add_argument(
        "--until-input-closes", action="store_true",
        help="end when standard input does, as a program that starts this one may want",
    )  # fmt: skip


def run(options: argparse.Namespace, say: Say) -> None:
    """Measure, and say each result when it is there.

    Raises:
        ValueError: An option that cannot be, or that does not go with the others.
        OSError: The output cannot be written.
    """
    plan = None if options.model else _plan(options)
    if options.model and _given(options).keys() - {"rounds"}:
        raise ValueError("--model goes with --rounds and --output alone: leave the others out")
    output: Path | None = options.output
    if output:
        check_output(output)
    if options.until_input_closes:
        threading.Thread(target=end_with_input, daemon=True).start()
    os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # or torch's profiler chats on standard error
    began = time.monotonic()
    kept = []
    with bar("measuring") as shown:
        for line, record in _records(plan, options, shown):
            if record["kind"] != "progress":
                kept.append({name: value for name, value in record.items() if name != "process"})
            say(line, record)
    end = {"kind": "end", "status": "finished", "seconds": round(time.monotonic() - began, 1)}
    say(f"took {end['seconds']} s", end)
    if output:
        _write(output, [*kept, end])


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """The fields of the plan that were told."""
    given = {
        field: getattr(options, name)
        for name, field in {
            "subject": "subjects", "channels": "channels", "size": "sizes",
            "batch_size": "batch_sizes", "norms": "norms", "device": "device", "rounds": "rounds",
        }.items()
        if getattr(options, name) is not None
    }  # fmt: skip
    return {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}


def _plan(options: argparse.Namespace) -> Plan | None:
    given = _given(options)
    if "subjects" in given:
        if "layer" not in given["subjects"] and given.keys() & {"channels", "sizes"}:
            raise ValueError(
                "--channels and --size are the layer's, networks take images of 3×32×32: leave "
                "them out, or add layer to --subject"
            )
        return Plan(**given)
    if needless := sorted(given.keys() - {"rounds"}):
        raise ValueError(f"{', '.join(needless)}: only for a sweep, name its --subject")
    Plan(**given)  # checks the rounds
    return None


def _records(plan: Plan | None, options: argparse.Namespace, shown: Bar) -> _Said:
    rounds = options.rounds or (10 if options.model else 30)
    machine = describe_machine(plan.device if plan else "cpu")
    if options.model:
        machine = machine.removesuffix(", channels_last")
    keep_freed_memory()  # as where runs train; else whose step pays for fresh pages is chance
    if platform.libc_ver()[0] == "glibc":
        machine += ", freed memory kept"
    head = {
        "kind": "head",
        "machine": machine,
        "command": plan.command()
        if plan
        else shlex.join(
            [
                "python",
                "-m",
                "afn",
                "bench",
                *(["--model", *options.model] if options.model else []),
                "--rounds",
                f"{rounds}",
            ]
        ),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "process": identity(),
        "plan": asdict(plan) if plan else None,
        "models": options.model or [],
    }
    yield f"{head['machine']}; medians of {rounds} alternating steps", head
    if options.model:
        yield from _models(options.model, rounds, shown)
    else:
        yield from _sweep(plan, shown) if plan else _figures(rounds, shown)


def _models(sources: Sequence[str], rounds: int, shown: Bar) -> _Said:
    """Those that take images of one shape take turns, with this package's networks for it."""
    from afn.cost.models import answer_costs, house
    from afn.own.building import adopted, own_model
    from afn.own.source import ModelSource

    alike: dict[tuple[int, int, int], dict[str, Any]] = {}
    classes: dict[tuple[int, int, int], int] = {}
    digests: dict[str, str] = {}
    names: dict[str, str] = {}
    for text in sources:
        source = ModelSource.read(text)
        norm = source.options.get("norm", "")
        own = own_model(source.said(norm="", averages=""))
        own.model.network = adopted(own.model.network, norm)
        alike.setdefault(own.image_shape, {})[text] = own.model.eval()
        digests[text], names[text] = own.digest, f"{own.name}{f' as {norm}' if norm else ''}"
        classes.setdefault(own.image_shape, len(own.class_names))
    for number, (shape, models) in enumerate(alike.items()):
        every = {**models, **house(shape, classes[shape])}
        height, width, channels = shape
        title, said = f"answers to images of {channels}×{height}×{width}\n", 0.0
        for news in answer_costs(every, shape, rounds):
            if isinstance(news, ModelCost):
                cost = replace(news, digest=digests.get(news.name, ""))
                line = _model_line(cost, names.get(cost.name, cost.name))
                yield title + line, {"kind": "model", **cost.to_json()}
                title = ""
            elif (now := time.monotonic()) - said >= _SECONDS_BETWEEN_PROGRESS:
                said, share = now, (number + news) / len(alike)
                shown.reach(share, 1)
                yield "", {"kind": "progress", "share": round(share, 4)}


def _model_line(cost: ModelCost, name: str) -> str:
    return (
        f"  {name:<24} 1 image {cost.ms_one:9.3f} ms   32 images "
        f"{cost.ms_batch:9.3f} ms   peak {cost.peak_bytes / 1e6:8.2f} MB   "
        f"{cost.parameters:>11,} parameters   {cost.macs / 1e6:10.3f} M MACs"
    )


def _sweep(plan: Plan, shown: Bar) -> _Said:
    import torch

    from afn.cost.measure import measure

    if plan.device != "cpu" and not torch.cuda.is_available():
        raise ValueError(f"--device {plan.device} is not there; cpu is")
    case, said = None, 0.0
    for news in measure(plan, torch.Generator().manual_seed(0)):
        if isinstance(news, Reached):
            if (now := time.monotonic()) - said >= _SECONDS_BETWEEN_PROGRESS:
                said = now
                shown.reach(news.share, 1)
                yield "", {"kind": "progress", **news.to_json()}
            continue
        title = "" if news.case == case else f"{news.case}\n"
        case = news.case
        yield title + _line(news), {"kind": "measurement", **news.to_json()}


def _line(news: Measurement) -> str:
    return (
        f"  {news.norm:<8} step {news.train_step_ms:9.3f} ms ×{news.train_ratio:5.2f}   "
        f"inference {news.inference_ms:9.3f} ms ×{news.inference_ratio:5.2f}   "
        f"peak {news.peak_bytes / 1e6:8.2f} MB   {news.parameters:>9,} parameters   "
        f"{news.macs / 1e6:8.3f} M MACs   statistics: {news.statistics}"
    )


def _figures(rounds: int, shown: Bar) -> _Said:
    import torch

    from afn.cost.figures import NUM_FIGURES, figures

    case = ""
    measured = figures(rounds, torch.Generator().manual_seed(0))
    shown.reach(0, NUM_FIGURES)
    for number, figure in enumerate(measured, 1):
        shown.reach(number)
        title = "" if figure.case == case else f"{figure.case}\n"
        case = figure.case
        asked = ""
        if figure.target is not None:
            sign, mark = "≥" if figure.is_least else "≤", "met" if figure.is_met else "MISSED"
            asked = f"{sign} {figure.target:.2f}  {mark}"
        yield (
            f"{title}  {figure.name:<44} {figure.value:5.2f}  {asked:<14} {figure.detail}",
            {"kind": "figure", **asdict(figure), "is_met": figure.is_met},
        )


def end_with_input() -> None:
    """End this process once its standard input closes."""
    while os.read(0, 1024):  # not sys.stdin, whose lock would be held when the interpreter ends
        pass
    os._exit(1)  # from a thread there is no other way to end the process


def _write(path: Path, records: list[dict[str, Any]]) -> None:
    lines = (json.dumps(record, ensure_ascii=False) for record in records)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
