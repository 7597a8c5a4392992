"""``python -m afn domains MODEL ... --on DOMAIN ...``: a domain matrix."""

import argparse
from pathlib import Path

import torch

from afn.ask.domains import Row, domain_matrix
from afn.ask.evaluate import Classifier
from afn.ask.models import as_tested
from afn.ask.sources import config_of, find, load, network_of
from afn.cli.telling import Say
from afn.cli.terminal import tracked
from afn.data import load_dataset
from afn.files import check_output
from afn.wording import count_words, statistics_told
from afn.work.memory import keep_freed_memory


def run(options: argparse.Namespace, say: Say) -> None:
    """Say each model's accuracy on each domain."""
    if options.card:
        check_output(Path(options.card), "--card")
    torch.set_num_threads(1)
    keep_freed_memory()
    rows = {name: _row(name, options) for name in options.names}
    data = [load_dataset(name) for name in options.on]
    crossings = domain_matrix(
        rows, data, num_images=options.images, batch_size=options.batch_size, order=options.order
    )
    longest, widest = (max(map(len, names)) for names in (options.names, options.on))
    for found in tracked(crossings, "asking", len(rows) * len(data)):
        cell, asked = found.cell, found.question
        low, high = cell.interval
        statistics = statistics_told(asked.statistics, cell.n)
        is_on = options.networks == "on"
        say(
            f"{found.model:<{longest}}  {asked.dataset:<{widest}}  "
            f"{100 * cell.accuracy:6.2f} %  95 % CI {100 * low:.2f} to {100 * high:.2f}  "
            f"({count_words(cell.n, 'image')}, {cell.source}, statistics: "
            f"{statistics}{'' if is_on else f', networks {options.networks}'})",
            {
                "kind": "crossing", "model": found.model, "trained_on": config_of(
                    find(found.model)
                ).dataset, "domain": asked.dataset, "source": cell.source, "order": asked.order,
                "statistics": asked.statistics, "batch_size": asked.batch_size,
                "networks": options.networks, "n": cell.n, "accuracy": cell.accuracy,
                "low95": low, "high95": high,
            },
        )  # fmt: skip
    if options.card:
        crossings.card().save(options.card)
        say(f"protocol card in {options.card}", {"kind": "card", "path": options.card})


def _row(name: str, options: argparse.Namespace) -> Row:
    source = find(name)
    network = network_of(source)
    question = network.question(
        num_images=options.images, stats=options.stats, batch_size=options.batch_size,
        order=options.order, networks=options.networks,
    )  # fmt: skip
    stats = options.stats if network.has_choice else None
    model: Classifier = as_tested(load(source), stats, networks=question.networks)
    return Row(
        model=model,
        image_shape=network.image_shape,
        class_names=network.class_names,
        statistics=question.statistics,
    )
