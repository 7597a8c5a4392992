"""``python -m afn data``: what can be trained on, and how to get more."""

import argparse

from afn.cli.telling import Say, columns

DESCRIPTION = """
List what can be trained on, with image size and numbers of training and test images, and how to
get the rest. The folder that AFN_DATA_DIR names (default ~/.cache/afn/data) may hold archives
NAME.npz (x_train, y_train, x_test, y_test, and class_names if labels are numbers), torchvision's
own folders, and image trees NAME/DOMAIN/CLASS/*. Names keep their script; capitals become small,
and spaces and signs hyphens. Classes are the same in two sets where they have the same name.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("action", choices=["list", "download"], nargs="?", default="list")
    parser.add_argument("name", nargs="?", help="what to download")


def run(options: argparse.Namespace, say: Say) -> None:
    """List every data set, and what cannot be read; or download one."""
    from dataclasses import asdict

    from afn.data import catalogue, download, unread

    if options.action == "download":
        if not options.name:
            raise ValueError("name what to download; `python -m afn data` lists what there is")
        download(options.name)
        say(f"{options.name} is in the data folder", {"downloaded": options.name})
        return
    entries = list(catalogue().values())
    titles = "name", "status", "size", ">train", ">test", ""
    heading, *lines = columns(
        titles,
        [
            (
                entry.name, entry.status, "×".join(map(str, entry.image_shape)),
                str(entry.num_train), str(entry.num_test),
                (entry.how_to_get or entry.title)
                + (f"; left out: {entry.left_out}" if entry.left_out else ""),
            )
            for entry in entries
        ],
    )  # fmt: skip
    say(heading, None)
    for line, entry in zip(lines, entries, strict=True):
        say(line, {**asdict(entry), "num_classes": entry.num_classes})
    for line in unread():
        say(f"not read: {line}", {"not_read": line})
