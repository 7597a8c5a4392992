"""``python -m afn import SOURCE``: is this difference real?"""

import argparse
from pathlib import Path

from afn.cli.telling import Say, columns
from afn.files import check_output
from afn.metrics.as_runs import import_runs
from afn.metrics.reading import RULE, import_metrics
from afn.wording import count_words, fixed_words


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.description = RULE
    parser.add_argument(
        "source", type=Path, metavar="SOURCE", help="a CSV file, or a folder of TensorBoard's"
    )
    parser.add_argument("--metric", metavar="NAME", help="which, where there are several")
    parser.add_argument(
        "--baseline", metavar="NAME", help="what the others are held against (default: the first)"
    )
    parser.add_argument(
        "--runs", action="store_true",
        help="keep TensorBoard's trainings as runs instead, for the app to draw",
    )  # fmt: skip
    parser.add_argument(
        "--figure", type=Path, metavar="FILE", help="also draw it, into a file of HTML"
    )


def run(options: argparse.Namespace, say: Say) -> None:
    """Say each method's mean, and each paired difference with its verdict.

    Raises:
        ValueError: The source or an option is wrong.
        ImportError: TensorBoard, or Plotly for the figure, is not installed.
    """
    if options.runs:
        for run_ in import_runs(options.source):
            name = run_.record()["name"]
            say(f"{name} is run {run_.id}", {"kind": "run", "name": name, "run": run_.id})
        return
    if options.figure:
        check_output(options.figure)
    metrics = import_metrics(options.source, metric=options.metric)
    pairs = metrics.against(options.baseline)
    heading, *lines = columns(
        ("method", ">mean", ""),
        [
            (name, fixed_words(of.mean, 4), f"({count_words(of.n, 'seed')})")
            for name, of in metrics.methods.items()
        ],
    )
    say(heading, None)
    for line, (name, of) in zip(lines, metrics.methods.items(), strict=True):
        say(
            line,
            {
                "kind": "method", "name": name, "metric": metrics.metric, "mean": of.mean,
                "values": {str(seed): value for seed, value in of.values},
            },
        )  # fmt: skip
    for pair in pairs:
        say(pair.sentence, pair.to_json())
    if options.figure:
        from afn.metrics.drawing import paired_figure

        figure = paired_figure(metrics, pairs)
        figure.update_layout(template="plotly_white")
        figure.write_html(options.figure)
        say(f"drawn in {options.figure}", {"kind": "figure", "path": str(options.figure)})
