"""What is still to be made, and the commands that make it. Needs no torch."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import accumulate

from afn.pretrained.families import PACS
from afn.pretrained.measured import Results
from afn.pretrained.plan import PLAN
from afn.pretrained.published import PublishedRow, Table

_DATA = {"CIFAR-10": "cifar10", "CIFAR-100": "cifar100", "MNIST-M": "mnistm", "SVHN": "svhn"}
_PROTOCOL = (
    "--epochs 200 --batch-size 128 --lr 0.1 --lr-schedule cosine --weight-decay 5e-4 "
    "--max-steps 1000000 --max-seconds 604800"
)


def what_it_takes(table: Table, row: PublishedRow) -> str:
    """The command that trains the nearest that this program has to a row not measured here.

    For AFN; BN and ASRNorm with their names in its place. Empty where there is none.
    """
    train = "python -m afn train --norm afn"
    if table.name == "images":
        data = _DATA[row.name.partition(", ")[0]]
        augment = " --augment crop_flip" if data.startswith("cifar") else ""
        return f"{train} --dataset {data} --backbone resnet20 {_PROTOCOL}{augment}"
    if table.name == "pacs_multi" and (tested := f"pacs/{row.name}") in PACS:
        trains = "+".join(domain for domain in PACS if domain != tested)
        return (
            f"{train} --dataset {trains} --test-domains {tested} --backbone efficientnet_lite0 "
            "--rsc 0.333 --epochs 5 --batch-size 32 --lr 0.004 --augment crop_flip --corruptions "
            "--max-seconds 86400"
        )
    return ""


def lacking(results: Results, stems: Iterable[str]) -> list[str]:
    """Planned models without answers, in the plan's order.

    Args:
        stems: Names without seed, such as "cifar10-afn".
    """
    wanted = set(stems)
    return [
        name for name, spec in PLAN.items() if spec.stem in wanted and name not in results.models
    ]


def command(names: Sequence[str]) -> str:
    """The shortest command line that trains these models and no others."""
    return _command(frozenset(names))


@lru_cache(maxsize=64)
def _command(names: frozenset[str]) -> str:
    patterns, left = [], set(names)
    ordered = [name for name in PLAN if name in names]
    options = {pattern: _matched(pattern) for name in ordered for pattern in _patterns(name)}
    allowed = {p: matched for p, matched in options.items() if matched <= names}
    while left:
        best = max(
            allowed, key=lambda p: (len(allowed[p] & left), "*" not in p, p[0] == "*", -len(p), p)
        )
        patterns.append(f"'{best}'" if "*" in best else best)
        left -= allowed[best]
    return f"python -m afn pretrained train {' '.join(patterns)}"


def _matched(pattern: str) -> set[str]:
    return {name for name in PLAN if fnmatchcase(name, pattern)}


def _patterns(name: str) -> set[str]:
    """The name, and with whole words at either end or between first and last replaced by a star."""
    first, *_, last = words = name.split("-")
    cuts = [0, *accumulate(len(word) + 1 for word in words[:-1])]
    heads = {name} | {name[:cut] + "*" for cut in cuts[1:]} | {f"{name}*"}
    tails = {"*-" + head[cut:] for head in heads for cut in cuts[1:] if cut < len(head)}
    return heads | tails | {f"{first}-*-{last}"}
