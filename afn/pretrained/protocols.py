"""How our models behind a published table were trained and tested, in words. Needs no torch."""

from collections.abc import Callable, Iterable, Sequence

from afn.corruptions.severities import rule_words
from afn.pretrained.cards import Card
from afn.pretrained.measured import Results
from afn.pretrained.plan import PLAN
from afn.pretrained.published import Table
from afn.pretrained.replication import Replicated
from afn.pretrained.spec import Spec
from afn.settings.backbones import BACKBONE_ROWS
from afn.settings.config import TrainConfig
from afn.wording import count_words

ASPECTS = (
    "network", "data", "domains", "channels", "image size", "training", "augmentation",
    "corruptions", "test images", "statistics at test time", "seeds", "chosen weights",
)  # fmt: skip
"""In the order in which they are told."""
_BLOCKS = ("one block", "two blocks", "three blocks", "four blocks")
_TITLES = {
    "mnist": "MNIST", "mnistm": "MNIST-M", "usps": "USPS", "syn": "SYN", "cifar10": "CIFAR-10",
}  # fmt: skip
_WHOLE = {"cifar10": 50_000, "mnist": 60_000, "mnist@rgb": 60_000}
"""Training images that there are where not all may be on disk."""
_SAID = (
    "norm", "backbone", "widths", "dataset", "augment", "seed", "eval_stats", "lr", "lr_schedule",
    "momentum", "batch_size", "epochs",
)  # fmt: skip
"""Settings that some aspect tells."""
_AUGMENTATIONS = {"none": "none", "crop_flip": "random crops and flips, in training only"}
WHY_NOT = {
    "pacs_multi": "Three domains together are not measured here yet. The commands below begin from "
    "ImageNet weights and train with RSC, as the published rows do, but another network and on "
    "64×64 pixels instead of 227×227.",
    "images": "The published networks take many hours each on the two cores that all models here "
    "are trained on, and SVHN and CIFAR-100 are not among the data.",
}
"""Tables with rows that are not measured here, and the reason."""


def stems_of(table: Table, rows: Iterable[Replicated]) -> list[str]:
    """Names, without seed, of the models that answer a table."""
    trained = dict.fromkeys(ask.trained for row in rows for ask in row.asks)
    return [f"{name}-{norm}" for name in trained for norm in table.columns]


def protocol(
    table: Table, rows: Sequence[Replicated], results: Results, card: Callable[[str], Card | None]
) -> dict[str, str]:
    """What is to be said of our side of a table, by aspect.

    Args:
        table: A published table that is measured here.
        rows: Its rows beside ours.
        results: Where they were measured.
        card: A shipped model's card; None where it is not shipped yet.
    """
    asks = [ask for row in rows for ask in row.asks]
    specs = [PLAN[stem] for stem in stems_of(table, rows) if stem in PLAN]
    if not specs:
        return {}
    by_norm = [card(spec.name) for spec in specs]
    cards = {each.trained_on.name: each for each in by_norm if each}
    said = {
        "network": _alike(specs, _network),
        "data": _training_images(cards.values()),
        "channels": _channels(specs),
        "image size": _sizes(cards.values()),
        "training": _alike(specs, _training),
        "augmentation": _alike(specs, lambda config: _AUGMENTATIONS[config.augment]),
        "test images": _numbers(results.images(asks)),
        "statistics at test time": "BN: running averages, and the test batch's; AFN: the test "
        "batch's, of up to 128 images; ASRNorm: each image's",
        "seeds": _seeds(rows),
        "chosen weights": "the last epoch's; none by its test accuracy",
    }
    if table.name.startswith("digits"):
        said["domains"] = "MNIST, SYN by our recipe in SVHN's place, USPS, MNIST-M"
    if table.name == "cifar10c":
        said["corruptions"] = "the 15 standard ones, made here with the constants of CIFAR-10-C"
        if older := rule_words(results.rule(asks)):
            said["corruptions"] += f", {older}"
    return {aspect: said[aspect] for aspect in ASPECTS if said.get(aspect)}


def _alike(specs: Iterable[Spec], words: Callable[[TrainConfig], str]) -> str:
    return " or ".join(dict.fromkeys(words(spec.config) for spec in specs))


def _network(config: TrainConfig) -> str:
    row, widths = BACKBONE_ROWS[config.backbone], ", ".join(map(str, config.widths))
    of = f" of {_BLOCKS[len(config.widths) - 1]} ({widths} channels)" if row.has_widths else ""
    start = "from ImageNet weights" if row.is_imagenet else "from scratch"
    return f"{row.title}{of}, {start}"


def _training(config: TrainConfig) -> str:
    rate = f"{config.lr:g}" + (", cosine" if config.lr_schedule == "cosine" else "")
    said = (
        f"SGD, learning rate {rate}, momentum {config.momentum:g}, batches of {config.batch_size}",
        count_words(config.epochs, "epoch"),
    )
    return ", ".join([*said, *config.told(*_SAID)])


def _channels(specs: Iterable[Spec]) -> str:
    words = {"channels reduced": "reduced: all in grey", "channels increased": "increased: RGB"}
    settings = dict.fromkeys(spec.setting for spec in specs)
    return " or ".join(words[setting] for setting in settings if setting)


def _training_images(cards: Iterable[Card]) -> str:
    parts = []
    for data in (each.trained_on for each in cards):
        whole = _WHOLE.get(data.name, data.num_train)
        part = f" of {whole:,}" if data.num_train < whole else ""
        parts.append(f"{_short(data.name)} {data.num_train:,}{part}")
    return f"training images: {', '.join(parts)}" if parts else ""


def _sizes(cards: Iterable[Card]) -> str:
    sizes: dict[str, list[str]] = {}
    for each in cards:
        height, width, _ = each.inputs.image_shape
        sizes.setdefault(f"{height}×{width}", []).append(_short(each.trained_on.name))
    if len(sizes) < 2:
        return "".join(sizes)
    return "; ".join(f"{size}: {', '.join(names)}" for size, names in sizes.items())


def _short(name: str) -> str:
    plain = name.partition("@")[0].rpartition("/")[2]
    return _TITLES.get(plain, plain.replace("_", " "))


def _numbers(counts: Sequence[int]) -> str:
    if not counts:
        return ""
    words = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    return f"{words} in each test"


def _seeds(rows: Iterable[Replicated]) -> str:
    seeds = sorted(
        {s for row in rows for each in row.measured.values() if each for s in each.seeds}
    )
    return ", ".join(map(str, seeds)) if seeds else "none yet"
