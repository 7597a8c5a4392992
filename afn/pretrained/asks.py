"""Which tests of ours answer which published row. Needs no torch."""

from collections.abc import Sequence
from typing import Literal

from afn.ask.records import STANDARD
from afn.pretrained.families import DIGITS, PACS
from afn.pretrained.published import PublishedRow, Table
from afn.pretrained.ways import Ask

Reading = Literal["trains", "tests"]
"""What a column of the first digits table stands for."""
SEVERITIES = (1, 2, 3, 4, 5)
_DOMAINS = {"MNIST": "mnist", "SVHN": "syn", "USPS": "usps", "MNIST-M": "mnistm"}
"""Published domains, and those that take their places here."""
_PACS = {domain: domain.replace("/", "-") for domain in PACS}
"""Domains, and the names of the models that they train."""


def digits(form: str, *, trains: str | None = None, tests: str | None = None) -> list[Ask]:
    """Clean tests on domains that the network has not seen.

    Args:
        form: "grey" or "rgb".
        trains: Only models trained on that domain.
        tests: Only tests on that domain.
    """
    return [
        Ask(f"{source}-{form}", target)
        for source in DIGITS
        for target in DIGITS
        if source != target and trains in (None, source) and tests in (None, target)
    ]


def pacs() -> list[Ask]:
    """Each domain trains, the other three test."""
    return [Ask(_PACS[source], target) for source in PACS for target in PACS if source != target]


def imagenet_single() -> list[Ask]:
    """From ImageNet's weights: each domain trains, the other three test."""
    return [
        Ask(_imagenet(source), target) for source in PACS for target in PACS if source != target
    ]


def imagenet_multi() -> list[Ask]:
    """From ImageNet's weights: three domains train, the fourth tests."""
    return [Ask(_imagenet(target, "but-"), target) for target in PACS]


def is_from_imagenet(ask: Ask) -> bool:
    """Whether it is of a network that began with ImageNet's weights."""
    return ask.trained.startswith("imagenet-")


def _imagenet(domain: str, but: str = "") -> str:
    return f"imagenet-{but}{domain.partition('/')[2]}"


def corrupted(trained: str, severities: Sequence[int] = SEVERITIES, data: str = "") -> list[Ask]:
    """The fifteen standard corruptions of a data set's test images, by default of its own name."""
    return [Ask(trained, data or trained, name, s) for name in STANDARD for s in severities]


def asks_of(table: Table, row: PublishedRow, reading: Reading = "trains") -> list[Ask]:
    """The tests here that a published row is held against, weighted alike; none: not done here."""
    domain = _DOMAINS.get(row.name)
    match table.name:
        case "digits_single_each":
            return digits("grey", **({reading: domain} if domain else {}))
        case "digits_from_mnist":
            return digits("rgb", trains="mnist", tests=domain)
        case "cifar10c":
            level = row.name.removeprefix("severity ")
            return corrupted("cifar10", [int(level)] if level.isdigit() else SEVERITIES)
        case "pacs_single":
            trains = f"pacs/{row.name}"
            return [ask for ask in pacs() if row.name == "average" or _PACS[trains] == ask.trained]
        case "images" if row.name == "CIFAR-10, ResNet-32":
            return [Ask("cifar10", "cifar10")]
    return []
