"""``python -m afn map NAME``: accuracy over λ_μ and λ_σ, forced in every layer."""

import argparse

from afn.ask.lambda_maps import POINTS, UNITS, LambdaMap, at
from afn.cli.telling import Say, columns
from afn.cli.terminal import bar
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.wording import count_words, percent, statistics_told

_EVERY = 4
"""Nodes from column to column."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("name", metavar="NAME", help="a run, or a pretrained model")
    parser.add_argument("--corruption", choices=list(CORRUPTION_NAMES), help="(default: clean)")
    parser.add_argument("--severity", type=int, help="1 to 5 (default 5)")
    parser.add_argument("--dataset", default="", help="whose images (default: the network's own)")
    parser.add_argument("--images", type=int, default=512, help="the first so many (default 512)")
    parser.add_argument(
        "--points",
        type=int,
        default=POINTS,
        help=f"that are measured, 16 to 625 (default {POINTS})",
    )
    parser.add_argument("--stats", choices=["batch", "running"], help="statistics mode")
    parser.add_argument("--batch-size", type=int, default=128, help="(default 128)")


def run(options: argparse.Namespace, say: Say) -> None:
    """Measure what is not kept yet, and say the map."""
    import torch

    from afn.ask.map_task import task_of
    from afn.ask.mapping import mapped_and_kept
    from afn.ask.measure import ShownImages, brought
    from afn.ask.models import restored
    from afn.ask.sources import network_of
    from afn.data import load_dataset

    torch.set_num_threads(1)
    network = network_of(options.name)
    default = 5 if options.corruption else 0
    task = task_of(
        network,
        corruption=options.corruption,
        severity=default if options.severity is None else options.severity,
        dataset=options.dataset,
        num_images=options.images,
        points=options.points,
        statistics=options.stats,
        batch_size=options.batch_size,
    )
    if left := task.left():
        data = brought(load_dataset(task.question.dataset), network.image_shape, options.images)
        shown = ShownImages.of(*data, place=task.place)
        with bar("measuring") as progress:
            for done, _ in enumerate(mapped_and_kept(left, restored(network), shown), start=1):
                progress.reach(done, left.size, f"{done} of {left.size}")
    found = task.read()
    assert found is not None
    _tell(options.name, found, task.question.statistics, say)


def _tell(name: str, found: LambdaMap, statistics: str, say: Say) -> None:
    cell, best = found.trained, found.best
    about = {"name": name, "corruption": cell.corruption, "severity": cell.severity}
    say(
        f"{name}  {found.where}, {count_words(cell.n, 'image')}, statistics: "
        f"{statistics_told(statistics, cell.n)}: {percent(cell.accuracy)} as trained, "
        f"{percent(best.cell.accuracy)} at λ_μ {best.mu:.3f}, λ_σ {best.sigma:.3f}",
        {"kind": "map", **about, "statistics": statistics, "points": len(found.points)},
    )  # fmt: skip
    for row in found.rows():
        say("", {"kind": "point", **about, **row})
    grid, measured = found.accuracies, {point.node for point in found.points}
    nodes = range(0, UNITS + 1, _EVERY)

    def told(node: tuple[int, int]) -> str:
        return f"{'' if node in measured else '~'}{100 * grid[node]:.1f}"

    rows = [[f"{at((0, j))[1]:.2f}", *(told((i, j)) for i in nodes)] for j in reversed(nodes)]
    heads = [f">{at((i, 0))[0]:.2f}" for i in nodes]
    say("accuracy in %; across: λ_μ, up: λ_σ; ~ between what was measured", None)
    head, *lines = columns([">λ_σ \\ λ_μ", *heads], rows)
    say(head, None)
    for line, j in zip(lines, reversed(nodes), strict=True):
        accuracies = [float(grid[i, j]) for i in nodes]
        say(line, {"kind": "row", "lambda_sigma": at((0, j))[1], "accuracies": accuracies})
