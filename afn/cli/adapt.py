"""``python -m afn adapt MODEL …``: networks live on a stream of images, and adapt to it."""

import argparse
from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from afn.adapt.plan import ADAPT_METHODS, STREAM_ORDERS, AdaptMethod, StreamPlan
from afn.adapt.protocol import PUBLISHED_LEVELS, protocol_plans
from afn.adapt.records import (
    StreamStep,
    accuracy_of,
    collapse_of,
    entropy_of,
    pull_of,
    window,
)
from afn.cli.telling import Say, columns
from afn.cli.terminal import bar
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.wording import count_words

if TYPE_CHECKING:
    from afn.ask.network import Network

_PLAN = StreamPlan()
_METHODS = ("running", "batch", "tent")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    numbers = ", ".join(
        f"{name}={row.default:g} ({row.value})" for name, row in ADAPT_METHODS.items() if row.value
    )
    parser.description = (
        "Networks answer a stream of test images, batch by batch, each adapting in its way. "
        f"Ways: {', '.join(ADAPT_METHODS)}; some take a number: {numbers}."
    )
    parser.add_argument("models", nargs="+", metavar="MODEL", help="runs, pretrained or own models")
    parser.add_argument(
        "--method", nargs="+", default=list(_METHODS), metavar="NAME[=X]",
        help=f"of each model (default {' '.join(_METHODS)})",
    )  # fmt: skip
    parser.add_argument(
        "--order", choices=STREAM_ORDERS, default=_PLAN.order, help=f"(default {_PLAN.order})"
    )
    parser.add_argument(
        "--corruption", choices=["clean", *CORRUPTION_NAMES], default=_PLAN.corruption,
        metavar="NAME", help=f"(default {_PLAN.corruption})",
    )  # fmt: skip
    for name, what, default in (
        ("severity", "1 to 5; in a drift the worst", _PLAN.severity),
        ("batch", "images of a batch", _PLAN.batch_size),
        ("seed", "of the shuffling", _PLAN.seed),
    ):
        parser.add_argument(
            f"--{name}", type=int, default=default, metavar="X", help=f"{what} (default {default})"
        )
    parser.add_argument(
        "--images", type=int, metavar="X",
        help=f"test images (default {_PLAN.images}; of the protocol 10000)",
    )  # fmt: skip
    parser.add_argument(
        "--reset", type=int, nargs="+", default=[], metavar="BATCH",
        help="put every network back to what was trained before these batches, counted from 0",
    )  # fmt: skip
    parser.add_argument("--data", metavar="NAME", help="data set (default: the models' own)")
    parser.add_argument(
        "--protocol", action="store_true",
        help="instead: 15 corruptions at severity 5 in batches of 200, each put back before each "
        "of them; with what is published beside it",
    )  # fmt: skip


def run(options: argparse.Namespace, say: Say) -> None:
    """Let them live on the stream; say what each did.

    Raises:
        ValueError: A model, a way or the stream cannot be.
    """
    methods = [AdaptMethod.read(each) for each in options.method]
    plan = StreamPlan(
        order=options.order,
        corruption=None if options.corruption == "clean" else options.corruption,
        severity=options.severity,
        batch_size=options.batch,
        images=options.images or _PLAN.images,
        seed=options.seed,
        resets=tuple(options.reset),
    )
    import torch

    from afn.ask.sources import network_of
    from afn.work.memory import keep_freed_memory

    torch.set_num_threads(1)
    keep_freed_memory()
    networks = [network_of(name) for name in options.models]
    dataset = options.data or networks[0].config.dataset
    contenders = [(network, method) for network in networks for method in methods]
    names = [f"{network.id} {method}" for network, method in contenders]
    if options.protocol:
        _protocol(contenders, names, dataset, options, say)
        return
    steps = _followed(contenders, names, dataset, plan, say)
    _table(names, steps, say)


def _followed(
    contenders: "Sequence[tuple[Network, AdaptMethod]]",
    names: Sequence[str],
    dataset: str,
    plan: StreamPlan,
    say: Say,
) -> list[list[StreamStep]]:
    from afn.adapt.asking import live_on

    steps: list[list[StreamStep]] = [[] for _ in contenders]
    with bar("adapting", plan.num_batches) as shown:
        for place, step in live_on(contenders, dataset, plan):
            steps[place].append(step)
            record = {"kind": "batch", "contender": names[place], **step.to_json()}
            say("", {**record, "accuracy": step.accuracy, "confidence": step.confidence})
            where = f"{step.corruption} {step.severity}" if step.corruption else "clean"
            shown.reach(step.batch + 1, what=where)
    return steps


def _table(names: Sequence[str], steps: Sequence[Sequence[StreamStep]], say: Say) -> None:
    titles = (
        "", ">accuracy", ">at the end", ">confidence", ">entropy", ">means moved", ">γ, β moved",
        "collapsed",
    )  # fmt: skip
    rows, records = [], []
    for name, these in zip(names, steps, strict=True):
        last, at = window(these, len(these) - 1), collapse_of(these)
        confidence = fmean(c for each in these for c in each.confidences)
        moved = fmean(each.moved for each in these)
        summary = {
            "kind": "contender", "contender": name, "accuracy": accuracy_of(these),
            "accuracy_at_end": accuracy_of(last), "entropy": entropy_of(these),
            "confidence": confidence, "moved": moved, "rescaled": these[-1].rescaled,
            "lambdas": these[-1].lambdas, "collapsed_at": at, "pull": pull_of(last)[1],
        }  # fmt: skip
        records.append(summary)
        rows.append(
            (
                name, f"{100 * accuracy_of(these):.1f} %", f"{100 * accuracy_of(last):.1f} %",
                f"{100 * confidence:.1f} %", f"{entropy_of(these):.3f}", f"{moved:.3f} σ",
                f"{these[-1].rescaled:.3f}",
                "" if at is None else f"at batch {at}",
            )
        )  # fmt: skip
    heading, *lines = columns(titles, rows)
    say(heading, None)
    for line, summary in zip(lines, records, strict=True):
        say(line, summary)


def _protocol(
    contenders: "Sequence[tuple[Network, AdaptMethod]]",
    names: Sequence[str],
    dataset: str,
    options: argparse.Namespace,
    say: Say,
) -> None:
    from afn.adapt.asking import live_on

    plans = list(protocol_plans(options.images or 10_000, options.seed))
    errors: list[dict[str, float]] = [{} for _ in contenders]
    with bar("protocol", len(plans)) as shown:
        for number, plan in enumerate(plans):
            shown.reach(number, what=str(plan.corruption))
            steps: list[list[StreamStep]] = [[] for _ in contenders]
            for place, step in live_on(contenders, dataset, plan):
                steps[place].append(step)
            for place, these in enumerate(steps):
                errors[place][str(plan.corruption)] = error = 100 * (1 - accuracy_of(these))
                say("", {
                    "kind": "protocol cell", "contender": names[place], "seed": options.seed,
                    "corruption": plan.corruption, "images": plan.images, "error": error,
                })  # fmt: skip
    published = {each.method: each for each in PUBLISHED_LEVELS}
    titles = ("error, %", ">mean", ">published", *(f">{name[:9]}" for name in errors[0]))
    rows = []
    for (_, method), name, found in zip(contenders, names, errors, strict=True):
        beside = published.get(method.name)
        rows.append((
            name, f"{fmean(found.values()):.1f}", f"{beside.mean:.1f}" if beside else "",
            *(f"{each:.1f}" for each in found.values()),
        ))  # fmt: skip
    heading, *lines = columns(titles, rows)
    say(heading, None)
    for line, name, found in zip(lines, names, errors, strict=True):
        say(line, {"kind": "protocol", "contender": name, "mean": fmean(found.values()), **found})
    beside_it = _beside(contenders[0][0], dataset, options.images or 10_000)
    say(beside_it, {"kind": "comparison", "told": beside_it})


def _beside(network: "Network", dataset: str, images: int) -> str:
    first, config = PUBLISHED_LEVELS[0], network.config
    told = (
        f"published: {first.network}, on CIFAR-10-C ({first.source}); here: {config.backbone} on "
        f"{count_words(images, 'image')} of {dataset}"
    )
    return f"{told}: levels are not comparable, steps from one way to the next are"
