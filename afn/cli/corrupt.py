"""``python -m afn corrupt DATA --out FOLDER``: corrupted variants, in the form of CIFAR-10-C."""

import argparse
import sys

from afn.cli.telling import Say
from afn.settings.corruptions import CORRUPTION_NAMES


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "data", metavar="DATA", help="a folder CLASS/*, an archive .npz, or a data set's name"
    )
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where the files go")
    parser.add_argument(
        "--corruption", nargs="+", choices=list(CORRUPTION_NAMES), default=list(CORRUPTION_NAMES),
        metavar="NAME", help="(default: all 19)",
    )  # fmt: skip
    parser.add_argument(
        "--severity", nargs="+", type=int, default=[1, 2, 3, 4, 5], metavar="N", help="(1 to 5)"
    )
    parser.add_argument("--images", type=int, help="the first so many (default: all)")
    parser.add_argument(
        "--size", type=int, help="of a folder's pictures, to which they are brought"
    )


def run(options: argparse.Namespace, say: Say) -> None:
    """Write what is not there yet, and say what it is."""
    import torch

    from afn.ask.corrupted_files import write_corrupted
    from afn.cli.terminal import is_terminal
    from afn.wording import count_words

    torch.set_num_threads(1)
    made = write_corrupted(
        options.data, options.out, num_images=options.images, corruptions=options.corruption,
        severities=options.severity, size=options.size,
        progress=not options.json and is_terminal(sys.stderr),
    )  # fmt: skip
    if made.left_out:
        say(made.left_out, {"kind": "left out", "why": made.left_out})
    was_there = f", {len(made.found)} were there" if made.found else ""
    say(
        f"{count_words(len(made.written), 'corruption')} written to {made.folder}{was_there}",
        {"kind": "corrupted", "folder": str(made.folder), "written": list(made.written),
         "found": list(made.found)},
    )  # fmt: skip
