"""``python -m afn advise my.py:build --data NAME``: should this model normalize otherwise?"""

import argparse
import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from afn.advice.findings import AdvicePlan, AdvisedWay, Findings
from afn.advice.kept import keep
from afn.cli.cost import end_with_input
from afn.cli.telling import Say, columns
from afn.cli.terminal import bar
from afn.files import check_output
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.work.processes import identity

if TYPE_CHECKING:
    from afn.advice.recommend import Recommendation

_PLAN = AdvicePlan()


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = (
        "The model as it is, with its BN by the test batch, and with AFN, ASRNorm and GN in BN's "
        "place: parameters, time, memory, small batches, accuracy clean and corrupted before and "
        "after a short fine-tuning, and what follows. The file is executed."
    )
    parser.add_argument(
        "model", metavar="FILE.py:FUNCTION",
        help="a function that returns a model; or ARCHITECTURE:FILE.safetensors",
    )  # fmt: skip
    parser.add_argument(
        "--data", required=True, metavar="NAME",
        help="a data set, a folder of classes, or an .npz; its classes are the logits, in order",
    )  # fmt: skip
    for name, what in {
        "seeds": "fine-tunings of each", "steps": "of each fine-tuning",
        "batch_size": "of fine-tuning and tests", "images": "test images, at most",
        "severity": "of corruptions, 1 to 5", "rounds": "timed steps of each",
    }.items():  # fmt: skip
        default = getattr(_PLAN, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=int, default=default, metavar="X",
            help=f"{what} (default {default})",
        )  # fmt: skip
    parser.add_argument(
        "--lr", type=float, default=_PLAN.lr, metavar="X",
        help=f"of fine-tuning, at its beginning (default {_PLAN.lr:g})",
    )  # fmt: skip
    parser.add_argument(
        "--corruption", nargs="+", choices=list(CORRUPTION_NAMES), default=list(_PLAN.corruptions),
        metavar="NAME", help=f"(default {' '.join(_PLAN.corruptions)})",
    )  # fmt: skip
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="keep all of it there, as JSON (default: beside the runs, where the app finds it)",
    )
    parser.add_argument(
        "--until-input-closes", action="store_true",
        help="end when standard input does, as a program that starts this one may want",
    )  # fmt: skip


def run(options: argparse.Namespace, say: Say) -> None:
    """Measure, and say the findings way by way, then the recommendation.

    Raises:
        ValueError: Model, data or an option cannot be.
    """
    if options.output:
        check_output(options.output)
    names = [name for name in AdvicePlan.__dataclass_fields__ if name != "corruptions"]
    plan = AdvicePlan(
        **{name: getattr(options, name) for name in names}, corruptions=tuple(options.corruption)
    )
    if options.until_input_closes:
        threading.Thread(target=end_with_input, daemon=True).start()
    created = datetime.now(UTC).isoformat(timespec="seconds")
    say("", {"kind": "head", "created": created, "process": identity()})
    from afn.advice.asking import advise
    from afn.work.memory import keep_freed_memory

    keep_freed_memory()
    os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # or torch's profiler chats on standard error
    with bar("loading", 1) as shown:

        def reached(share: float, what: str) -> None:
            shown.reach(share, what=what)
            say("", {"kind": "progress", "share": round(share, 4), "what": what})

        found = advise(options.model, options.data, plan, progress=reached)
    _findings(found.findings, say)
    _recommendation(found.recommendation, say)
    path = options.output or keep(found.to_json())
    if options.output:
        path.write_text(json.dumps(found.to_json(), indent=1, ensure_ascii=False) + "\n")
    told = "" if options.output else "; the app's page “Should I use it?” draws it"
    say(f"all of it in {path}{told}", {"kind": "output", "path": str(path)})
    say("", {"kind": "end", "status": "finished", "kept": path.stem})


def _findings(findings: Findings, say: Say) -> None:
    record = findings.to_json()
    say(
        f"{findings.model} on {findings.dataset}, {findings.num_images:,} test images, "
        f"{findings.num_norms} BN; {findings.machine}",
        {name: value for name, value in record.items() if name != "ways"},
    )
    for note in findings.notes:
        say(f"  {note}", {"kind": "note", "note": note})
    titles = (
        "way", ">parameters", ">1 image", ">32 images", ">peak", ">batch of 1", ">clean",
        ">corrupted", ">then clean", ">then corrupted",
    )  # fmt: skip
    heading, *lines = columns(titles, [_cells(way) for way in findings.ways])
    say(heading, None)
    for line, way in zip(lines, record["ways"], strict=True):
        say(line, {"kind": "way", **way})


def _cells(way: AdvisedWay) -> list[str]:
    if way.error:
        return [way.name, *[""] * 8, f"cannot be: {way.error}"]
    price, one = way.price, next((each for each in way.batches if each.size == 1), None)
    told = [way.name]
    told += (
        [
            f"{price.parameters:,}", f"{price.ms_one:.2f} ms", f"{price.ms_batch:.2f} ms",
            f"{price.peak_bytes / 1e6:.1f} MB",
        ]
        if price
        else [""] * 4
    )  # fmt: skip
    told.append("" if one is None else "fails" if one.error else f"{100 * one.changed:.0f} % other")
    told += (
        [f"{way.before.clean:.1f} %", f"{way.before.corrupted:.1f} %"] if way.before else [""] * 2
    )
    for what in ("clean", "corrupted"):
        over = way.over_seeds(what)
        half = f" ± {over.half_width:.1f}" if over and over.n > 1 else ""
        told.append(f"{over.mean:.1f}{half} %" if over else "")
    return told


def _recommendation(found: "Recommendation", say: Say) -> None:
    told = [found.sentence]
    for title, lines in {
        "It rests on:": found.rests_on,
        "It does not show:": found.does_not_show,
    }.items():
        told += ["\n  ".join([title, *lines])] if lines else []
    say("\n".join(told), found.to_json())
