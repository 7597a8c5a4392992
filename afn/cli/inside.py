"""``python -m afn inside NAME``: what a norm layer does with a batch, step by step."""

import argparse
from pathlib import Path

from afn.ask.inside.look import Seen
from afn.ask.records import ORDERS
from afn.cli.telling import Say
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.settings.lambda_init import LAMBDAS
from afn.wording import count_words


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "name",
        metavar="NAME",
        help="a run, a pretrained model, untrained-<norm>, or a "
        "model of your own: FILE.py:FUNCTION or ARCHITECTURE:FILE.safetensors",
    )
    parser.add_argument("--beside", nargs="+", metavar="NAME", default=[], help="others to answer")
    parser.add_argument("--layer", default="", help="a norm layer's name (default: the first)")
    parser.add_argument("--channel", type=int, default=0, help="that is followed (default 0)")
    parser.add_argument("--image", type=int, default=0, help="that is followed (default 0)")
    parser.add_argument("--dataset", help="whose test images (default: the network's own)")
    parser.add_argument("--corruption", choices=list(CORRUPTION_NAMES), help="of the batch")
    parser.add_argument("--severity", type=int, choices=range(1, 6), default=3, help="(default 3)")
    parser.add_argument("--batch-size", type=int, default=32, help="(default 32)")
    parser.add_argument("--first", type=int, default=0, help="where the batch begins (default 0)")
    parser.add_argument("--order", choices=ORDERS, default="mixed", help="(default mixed)")
    parser.add_argument("--stats", choices=["batch", "running"], help="statistics mode")
    parser.add_argument(
        "--lambda", dest="lambdas", nargs="+", metavar="NAME=VALUE", default=[],
        help=f"force λ: {', '.join(LAMBDAS)}, each from 0 to 1",
    )  # fmt: skip
    parser.add_argument("--here", action="store_true", help="force them in this layer alone")
    picture = parser.add_mutually_exclusive_group()
    picture.add_argument("--picture", type=Path, help="image file that takes the first place")
    picture.add_argument("--drawing", metavar="TEXT", help="the same, as the app's links have it")
    parser.add_argument("--as-drawn", action="store_true", help="do not corrupt that image")


def run(options: argparse.Namespace, say: Say) -> None:
    """Look into the layer and say what was seen."""
    lambdas = dict(map(_lambda, options.lambdas))
    import torch

    from afn.ask.inside.looking import look_inside

    torch.set_num_threads(1)
    seen = look_inside(
        options.name,
        dataset=options.dataset or "",
        corruption=options.corruption,
        severity=options.severity if options.corruption else 0,
        size=options.batch_size,
        first=options.first,
        order=options.order,
        picture=options.picture or "",
        drawing=options.drawing or "",
        damages_picture=not options.as_drawn,
        layer=options.layer,
        channel=options.channel,
        image=options.image,
        statistics=options.stats,
        lambdas=lambdas,
        everywhere=not options.here,
        beside=options.beside,
    )
    _tell(options, seen, say)


def _lambda(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise ValueError(f"expected a λ as NAME=VALUE, such as mu=0.5, got {text!r}") from None


def _tell(options: argparse.Namespace, seen: Seen, say: Say) -> None:
    at = seen["channel"]
    say(
        f"{options.name}  {seen['layer']}, channel {at}  statistics: "
        f"{seen['statistics']}, {count_words(seen['size'], 'image')}",
        {"kind": "layer", "layer": seen["layer"], "statistics": seen["statistics"]},
    )
    for name, values in seen["channels"].items():
        say(
            f"{name:<12} {values[at]:.5g}",
            {"kind": "step", "name": name, "channel": at, "value": values[at], "all": values},
        )
    for name, other in seen["beside"].items():
        say(
            f"largest difference of the output to {name}: {other['difference']:.2g}",
            {"kind": "difference", "to": name, "value": other["difference"]},
        )
    found = [(options.name, seen["now"]), *zip(options.beside, seen["others"], strict=True)]
    for name, each in found:
        score = each["score"]
        names = ", ".join(seen["class_names"][answer] for answer in each["answers"])
        say(
            f"{name}  {score['correct'] / score['n']:.4f} of {score['n']} right; the first images: "
            f"{names}",
            {
                "kind": "answers", "name": name, "accuracy": score["correct"] / score["n"],
                "n": score["n"], "answers": each["answers"], "confidences": each["confidences"],
            },
        )  # fmt: skip
