"""``python -m afn compare A B``: which settings of two runs differ, and where they part."""

import argparse
from dataclasses import asdict

from afn.ask.sources import find
from afn.cli.telling import Say
from afn.runs.compare import compare, sentence
from afn.runs.course import history_of
from afn.runs.equal import equal_tests
from afn.wording import count_words, statistics_told


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("first", metavar="NAME", help="a run, or a pretrained model")
    parser.add_argument("second", metavar="NAME", help="another one")


def run(options: argparse.Namespace, say: Say) -> None:
    """Say each setting that differs, the first step that does, and accuracies at one step."""
    names = options.first, options.second
    sources = [find(name) for name in names]
    found = compare(*sources)
    for each in found.differences:
        say(
            f"{each.setting}: {each.first} and {each.second}",
            {"kind": "setting", **asdict(each)},
        )
    histories = [history_of(source) for source in sources]
    say(sentence(found.parting, *names), {"kind": "parting", **asdict(found.parting)})
    for name, test in zip(names, equal_tests(histories).tests, strict=True):
        if test:
            say(
                f"{name}: {100 * test['accuracy']:.2f} % on clean test images at step "
                f"{test['step']} ({count_words(test['n'], 'image')}, statistics: "
                f"{statistics_told(test['statistics'], test['n'])})",
                {"kind": "accuracy", "name": name, **test},
            )
