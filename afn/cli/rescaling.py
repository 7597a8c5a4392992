"""``python -m afn rescaling MODEL``: how γ̂ and β̂ differ between corruptions or domains."""

import argparse
from statistics import fmean

import torch

from afn.ask.rescaling import Condition
from afn.ask.rescaling_statistics import rescaling_under
from afn.ask.sources import config_of, find, network_of
from afn.cli.telling import Say
from afn.wording import statistics_told
from afn.work.memory import keep_freed_memory


def run(options: argparse.Namespace, say: Say) -> None:
    """Say of each layer and condition how far γ̂ and β̂ lie from those on clean images."""
    torch.set_num_threads(1)
    keep_freed_memory()
    if bool(options.corruption) == bool(options.domains):
        raise ValueError("name what γ̂ and β̂ are held against: --corruption NAME, or --domains NAME")
    source = find(options.name)
    dataset, network = config_of(source).dataset, network_of(source)
    conditions: list[Condition] = [(dataset, None, 0)]
    conditions += [(dataset, options.corruption, s) for s in range(1, 6) if options.corruption]
    conditions += [(name, None, 0) for name in options.domains or ()]
    question = network.question(
        num_images=options.images, stats=options.stats, batch_size=options.batch_size
    )
    measured = rescaling_under(
        source, conditions, num_images=options.images, batch_size=options.batch_size,
        statistics=options.stats,
    )  # fmt: skip
    told = "; ".join(
        dict.fromkeys(statistics_told(question.statistics, n) for n in measured.num_images)
    )
    for layer in measured.layers:
        gamma, beta = layer.shifts("gamma"), layer.shifts("beta")
        for condition, ours, theirs in zip(conditions[1:], gamma, beta, strict=True):
            name, corruption, severity = condition
            what = f"{corruption} {severity}" if corruption else name
            far = fmean(map(abs, ours)), fmean(map(abs, theirs))
            say(
                f"{layer.name:<12} {what:<20} mean |difference| of γ̂ {far[0]:.4g}, of β̂ "
                f"{far[1]:.4g}  (statistics: {told})",
                {
                    "kind": "rescaling", "layer": layer.name, "varies": layer.varies,
                    "dataset": name, "corruption": corruption, "severity": severity,
                    "gamma": far[0], "beta": far[1], "gamma_channels": ours,
                    "beta_channels": theirs, "statistics": question.statistics,
                },
            )  # fmt: skip
