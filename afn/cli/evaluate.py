"""``python -m afn evaluate NAME``: the weights of a run or a pretrained model, tested."""

import argparse
from dataclasses import replace
from pathlib import Path

from afn.ask.records import COUNTED, NETWORKS, ORDERS
from afn.cli.telling import Say
from afn.cli.terminal import tracked
from afn.corruptions.applying import left_out, left_out_record, left_out_words
from afn.files import check_output
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.wording import count_words, statistics_told


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("name", metavar="NAME", help="a run's id, or a pretrained model's name")
    parser.add_argument("--severity", type=int, help="1 to 5 (default 3)")
    parser.add_argument(
        "--corruption", action="append", choices=["clean", *CORRUPTION_NAMES],
        help="may be repeated (default: clean and what the run tested)",
    )  # fmt: skip
    add_test_options(parser)
    parser.add_argument(
        "--batch-size", type=int, nargs="+", help="test batch, or several (default: the run's)"
    )
    parser.add_argument("--images", type=int, help="at most so many (default: the run's)")
    grid = parser.add_argument_group("corruption grid")
    grid.add_argument(
        "--grid", action="store_true",
        help="all severities of all corruptions, or of those named; kept, and not made again",
    )  # fmt: skip
    grid.add_argument(
        "--order", choices=[*ORDERS, *COUNTED], nargs="+",
        help="of the test images, or several; “3 classes”: each batch holds three (default mixed)",
    )  # fmt: skip
    grid.add_argument("--baseline", metavar="NAME", help="for the mean corruption error")
    grid.add_argument("--card", metavar="FILE", help="write the protocol there, for verify")


def add_test_options(parser: argparse.ArgumentParser) -> None:
    """How networks are tested."""
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


def run(options: argparse.Namespace, say: Say) -> None:
    """Test clean images and corruptions, or the whole grid; say each accuracy."""
    from afn.ask.network_protocol import network_test
    from afn.ask.protocol import card_of
    from afn.ask.sources import config_of, find, network_of
    from afn.runs.store import Run

    source = find(options.name)
    if options.grid and options.severity is not None:
        raise ValueError("--grid tests all severities: leave out --severity")
    for name in ("baseline", "card"):
        if not options.grid and getattr(options, name):
            raise ValueError(f"--{name} is about a grid: add --grid")
    if options.card:
        check_output(Path(options.card), "--card")
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
        tests = []
        for order in options.order or ["mixed"]:
            for size in sizes:
                question, cells = run_grid(
                    source, replace(config, eval_batch_size=size), say,
                    corruptions=[name for name in tested if name != "clean"],
                    severities=(1, 2, 3, 4, 5) if options.grid else (config.severity,),
                    order=order,
                    networks=options.networks,
                    baseline=find(options.baseline) if options.baseline else None,
                )  # fmt: skip
                if options.card:
                    tests.append(network_test(network_of(source), question, cells))
        if options.card:
            card_of(tests).save(options.card)
            say(f"protocol card in {options.card}", {"kind": "card", "path": options.card})
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
    tested = options.corruption or ["clean", *config.corruptions]
    tested = [name for name in tested if (name, config.severity) not in absent]
    for name in tracked(tested, f"asking {source.id}"):
        result = training.test(None if name == "clean" else name).values
        low, high = wilson_interval(result["correct"], result["n"])
        say(
            f"{name:<16} {100 * result['accuracy']:6.2f} %  95 % CI {100 * low:.2f} to "
            f"{100 * high:.2f}  ({count_words(result['n'], 'image')} of {result['dataset']}, "
            f"statistics: {statistics_told(result['statistics'], result['n'])})",
            {**result, "low95": low, "high95": high, "weights": weights.name},
        )
