"""Which corruptions change a data set's images at all: the others are left out of its grids.

A test on unchanged images would count clean accuracy among that under corruption. Needs no torch.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from afn.corruptions.severities import why_unchanged
from afn.data import dataset_entry
from afn.data.derived import parts_of

Place = tuple[str | None, int]
"""A corruption and a severity; (None, 0) is clean."""


def left_out(
    places: Iterable[Place], dataset: str, image_shape: tuple[int, int, int]
) -> dict[Place, str]:
    """The places that tell no more than clean images do, and why.

    Args:
        places: Corruptions and severities.
        dataset: Whose test images.
        image_shape: The form (H, W, C) in which a model takes them.
    """
    height, width, channels = image_shape
    shape = (height, width, channels if has_colour(dataset) else 1)
    return {
        (corruption, severity): reason
        for corruption, severity in places
        if corruption and (reason := why_unchanged(corruption, severity, shape))
    }


def applicable(
    places: Iterable[Place], dataset: str, image_shape: tuple[int, int, int]
) -> tuple[Place, ...]:
    """The places that are not left out."""
    known = tuple(places)
    absent = left_out(known, dataset, image_shape)
    return tuple(place for place in known if place not in absent)


def left_out_words(reasons: Iterable[str]) -> str:
    """ "saturate needs colour: left out"; empty for none."""
    told = list(dict.fromkeys(reasons))
    return f"{'; '.join(told)}: left out" if told else ""


def left_out_record(absent: Mapping[Place, str]) -> dict[str, Any]:
    """The same for programs, with every place."""
    places = [
        {"corruption": corruption, "severity": severity, "why": why}
        for (corruption, severity), why in absent.items()
    ]
    return {"kind": "left out", "places": places}


def has_colour(dataset: str) -> bool:
    """Whether a data set's images are in colour; grey ones shown as RGB are not."""
    try:
        shapes = [dataset_entry(part).image_shape for part in parts_of(dataset) or [dataset]]
    except ValueError:  # nobody knows it: its shape tells
        return True
    return any(channels != 1 for *_, channels in shapes)
