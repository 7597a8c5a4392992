"""What the Inside page says: of its controls, of what comes of a layer, and its table."""

from typing import Any

from afn.ask.inside.look import Seen
from afn.pretrained.cards import Card
from afn.wording import count_words, number_words, percent

from ...kit.draw.chart import Rows
from ...kit.markdown import plain

ENTRANCE = "Averaged with whom?"
"""The page Norms, whose block shows what a layer takes a statistic of."""
HELP = {
    "model": "A run's last checkpoint (also while it trains), a pretrained model, or an untrained "
    "network.",
    "dataset": "Whose test images; any with the same classes.",
    "size": "Images that go through together. With 1, AFN has nothing but that image to measure.",
    "first": "Where among the first 512 test images the batch begins.",
    "order": "Sorted by class, a batch holds few classes: statistics then say more of the class "
    "than of the data.",
    "stats": "Whose mean and deviation BN and AFN use: this batch's, or the running averages of "
    "training.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "layer": r"""
A batch runs through the network; at this layer every step is shown as it was computed. **Play**, or
the keys ← → and space, take one value from card to card. Click a **pixel**, a dot or another
picture to follow another value. All pictures have one scale, which λ does not change.

**λ by hand** overrides what was learned (the small mark), in every layer or in this one. All at 0
leaves BN's arithmetic (for ASRNorm, instance norm's), exactly or but for rounding.

Accuracy is counted on the first 512 test images (128 for a deep network, fewer for small batches).
""",
    "neighbours": """
The followed image among other test images: 24 batches drawn at random, the same ones clean where
the image is corrupted, then a batch of each single class. A framed square is another answer than
the image gets alone. With running averages, or statistics of each image alone, none can be.

So test-batch statistics undo a corruption where the **whole batch** has it. A single pale image
among clean ones is measured by their statistics, not by its own.
""",
}
"""Of figures and sections, beside their headings."""
BESIDE = {
    "bn_batch": "BN, test batch",
    "bn_running": "BN, running",
    "per_image": "ASRNorm",
    "batch": "AFN",
    "in": "IN",
    "ln": "LN",
}
"""Other arithmetic on the same input, by its name in a `Seen`."""


def instead(card: Card) -> str:
    """That a pretrained model stands for a network that was not kept, and how it differs."""
    clean = card.clean_accuracy()
    right = f": {percent(clean.accuracy)} of clean images" if clean else ""
    return (
        f"**Not the network you came from**, which was not kept. {plain(card.name)} has the same "
        f"layers, but trained for {card.steps:,} steps{right}."
    )


# -- what comes of it ------------------------------------------------------------------------------


def limit_words(seen: Seen) -> str:
    """What λ = 0 is, shown by the difference that is left; empty where it cannot be said."""
    if not seen["hidden"] or any(seen["lambdas"].values()):
        return ""
    name = "per_image" if seen["is_per_image"] else "bn_batch"
    if seen["statistics"] == "running averages":
        name = "bn_running"
    if name not in seen["beside"]:
        return "All λ of this layer are 0."
    difference = seen["beside"][name]["difference"]
    exact = "not one bit" if difference == 0 else "rounding of 32-bit numbers, no more"
    told = number_words(difference, 2)
    return f"All λ of this layer are 0. Difference to {BESIDE[name]}: {told} ({exact})."


def statistics_words(seen: Seen) -> str:
    """Whose are taken."""
    if seen["kind"] in ("bin", "sn", "evob0"):
        return "each image’s, and for its part the batch’s"
    return str(seen["statistics"])


def applied_words(size: int, corruption: str, *, is_own: bool, is_damaged: bool) -> str:
    """What was done to the images of a batch before they went in.

    Args:
        size: Images in it.
        corruption: With its severity, or "clean".
        is_own: Whether a picture of one's own is among them.
        is_damaged: Whether that one is corrupted, too.
    """
    if not is_own:
        return f"{count_words(size, 'image')}, {corruption}"
    own = f"yours: {corruption if is_damaged else 'as it is'}"
    return f"{own}; the other {size - 1}: {corruption}" if size > 1 else own


def table(seen: Seen) -> Rows:
    """Every number of the layer, channel by channel; counted from 1."""
    columns = {**seen["channels"]}
    for name, other in seen["beside"].items():
        for key in ("mu_hat", "sigma_hat", "gamma_hat", "beta_hat"):
            columns[f"{name}.{key}"] = other[key]
    rows: Rows = []
    for channel in range(len(seen["channels"]["mu"])):
        row: dict[str, Any] = {"layer": seen["layer"], "channel": channel + 1}
        row |= {name: values[channel] for name, values in columns.items()}
        rows.append(row)
    return rows


def beside(seen: Seen) -> dict[str, str]:
    """What other arithmetic is called: ASRNorm without its networks is instance norm."""
    return BESIDE if seen["hidden"] else {**BESIDE, "per_image": "IN"}


def titles(seen: Seen, label: str) -> dict[str, object]:
    """What the series of the figures are called."""
    return {
        "own": label,
        "used": {
            "running averages": "running averages, used here",
            "each image": "the followed image's, used here",
            "each group": "its group's, used here",
            "whole image": "the image's, used here",
            "each place": "that place's, used here",
            "mixed": "the mix, used here",
        }.get(seen["statistics"], "this batch's, used here"),
        "running": "BN's running averages",
        "alone": "single images, lowest to highest",
        "members": "the values of that place"
        if seen["statistics"] == "each place"
        else "each channel of the image alone",
        "parameter": f"γ, β as learned{' (BN’s)' if seen['hidden'] else ''}",
        "other": "ASRNorm's, of the followed image" if "per_image" in seen["beside"] else "AFN's",
        "beside": beside(seen),
    }
