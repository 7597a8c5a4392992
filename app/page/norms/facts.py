"""What a norm does where it has little to measure, what it costs, and what it reached."""

import json
from functools import cache
from typing import Any

from afn.settings.config import TrainConfig
from afn.settings.norms import NORM_TITLES
from afn.wording import percent

from ...kit import backend, folders
from .sharing import CHANNEL, GROUP, HALF, IMAGE, MAP, SHARING, VALUE

_USUAL = TrainConfig()
Fact = tuple[str, str]
"""A label, and what it is in a few words."""


def facts(norm: str) -> list[Fact]:
    """Beside the picture of who is averaged with whom."""
    found = [
        ("Batch of one", alone(norm)),
        ("Maps of 1×1", at_a_point(norm)),
        ("When tested", tested(norm)),
        ("A training step", cost(norm)),
    ]
    reached = last_run(norm)
    return [*found, ("Last run", reached)] if reached else found


def alone(norm: str) -> str:
    """What becomes of its training with a single image."""
    sets = SHARING[norm].training
    if not {CHANNEL, HALF} & set(sets):
        return "no difference: no image depends on another"
    if len(sets) > 1:
        return "the batch’s part is that one image’s"
    return "statistics of that one image: as instance norm’s"


def at_a_point(norm: str) -> str:
    """What is left where each channel of an image is a single value."""
    sets = SHARING[norm].training
    own = {
        "bin": "the image’s own channel has no spread: IN’s part says nothing",
        "sn": "the image’s own channel has no spread: the other sets have",
        "evob0": "the image’s own channel has no spread: σ of the batch, or v·x, divides",
        "frn": "the sign alone is left, before γ and β",
        "asrnorm": "each value is its own mean: what is left is β and what the networks say",
    }
    return (
        own.get(norm)
        or {
            MAP: "each value is its own mean: β alone is left",
            CHANNEL: "one value of each image is averaged",
            HALF: "one value of each image is averaged",
            GROUP: "the values of a group’s channels are averaged",
            IMAGE: "the values of all channels are averaged",
            VALUE: "no difference",
        }[sets[0]]
    )


def of_one_value(norm: str) -> str:
    """What is left where all that it takes statistics of is one value; empty: not it alone."""
    itself = "Of a single value the mean is itself:"
    left = f"{itself} what is left is β, and"
    return {
        "in": f"{itself} it leaves as β, whatever came in.",
        "gbn": f"{itself} it leaves as β, whatever came in.",
        "bn": "One value has no spread: in training the layer refuses it.",
        "brn": f"{left} how far it is from the running averages.",
        "afn": f"{left} what the networks say.",
        "asrnorm": f"{left} what the networks say.",
    }.get(norm, "")


def tested(norm: str) -> str:
    """Whose statistics a trained layer takes."""
    of = SHARING[norm]
    if norm == "afn":
        return "the test batch’s; or running averages, as one likes"
    if not of.is_kept:
        return "as in training"
    return "running averages for the batch’s part" if of.test else "running averages"


def cost(norm: str) -> str:
    """Time of a network's step beside batch norm's."""
    told = _measured()
    return f"{told['ratio'][norm]:.2f} × BN’s (ConvNet, {told['batch']} images)"


def source() -> str:
    """Where the times are from."""
    told = _measured()
    return f"Times: {told['machine']}; medians of {told['rounds']} alternating steps."


def last_run(norm: str) -> str:
    """Accuracy of the newest run that ended; empty where none did."""
    for line in backend.lines():
        is_its = line.settings.get("norm", _USUAL.norm) == norm
        if is_its and line.status == "finished" and "accuracy" in line.summary:
            data, end = line.settings.get("dataset", _USUAL.dataset), line.summary
            return f"{percent(end['accuracy'])} of {data}, after {end['step']:,} steps"
    return ""


@cache
def _measured() -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folders.REFERENCE / "norm_steps.json").read_text())
    assert told["ratio"].keys() == NORM_TITLES.keys()
    return told
