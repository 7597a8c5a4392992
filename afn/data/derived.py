"""Data sets made of others, by name: ``svhn@grey``, ``mnist@rgb``, ``pacs/photo+pacs/cartoon``.

No listing shows them, but wherever a data set is named they can be: what a run trains on for the
paper's settings "channels reduced" and "channels increased", or to leave one domain out.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from afn.data.classes import check_joinable, relabelled, united
from afn.data.entries import DatasetEntry, DatasetSource, ImageData
from afn.data.forms import data_in_form

FORMS = {"grey": 1, "rgb": 3}
"""Channels by the word behind the @."""
_FORM_OF = {channels: form for form, channels in FORMS.items()}
_SEED = 20150104


def derived_name(parts: Sequence[DatasetEntry], channels: int | None = None) -> str:
    """The name of some data sets' images together, with 1 or 3 channels; None leaves theirs."""
    name = "+".join(part.name for part in parts)
    if channels is None or all(part.image_shape[2] == channels for part in parts):
        return name
    return f"{name}@{_FORM_OF[channels]}"


def parts_of(name: str) -> list[str]:
    """The names that a derived name is made of; none where it is not derived."""
    parts, at, form = name.partition("@")
    if at:
        return parts.split("+") if form in FORMS else []
    return parts.split("+") if "+" in parts else []


def derive(name: str, sources: Sequence[DatasetSource]) -> DatasetSource:
    """The data set of that name, from the sources of its parts; their classes are united by name.

    Raises:
        ValueError: They have no class in common.
    """
    entries = [source.entry for source in sources]
    check_joinable({entry.name: entry.class_names for entry in entries if entry.class_names})
    absent = [entry for entry in entries if entry.how_to_get]
    decisive = (absent or entries)[0]
    form = name.partition("@")[2]
    sides = [max(entry.image_shape[side] for entry in entries) for side in (0, 1)]
    channels = FORMS[form] if form else max(entry.image_shape[2] for entry in entries)
    names = ", ".join(entry.name for entry in entries)
    titles = " + ".join(entry.title for entry in entries)
    entry = DatasetEntry(
        name=name,
        title=f"{titles}, {form}" if form else titles,
        status=decisive.status,
        image_shape=(sides[0], sides[1], channels),
        class_names=united(entry.class_names for entry in entries),
        num_train=sum(entry.num_train for entry in entries),
        num_test=sum(entry.num_test for entry in entries),
        source=f"Made here of {names}, at {sides[0]}×{sides[1]} in {_FORM_OF[channels]}.",
        how_to_get=decisive.how_to_get,
    )
    return DatasetSource(entry, partial(_load, name, sources, channels))


def _load(name: str, sources: Sequence[DatasetSource], channels: int) -> ImageData:
    sets = [source.load() for source in sources]
    class_names = united(each.class_names for each in sets)
    sets = [relabelled(each, class_names) for each in sets]
    height, width = (max(each.x_train.shape[axis] for each in sets) for axis in (1, 2))
    sets = [data_in_form(each, (height, width, channels)) for each in sets]
    if len(sets) == 1:
        return replace(sets[0], name=name)
    # The first so many are what a run trains on or is tested on: they are to come from all parts.
    draw = np.random.default_rng(_SEED)
    tests = draw.permutation(sum(len(each.y_test) for each in sets))
    trains = draw.permutation(sum(len(each.y_train) for each in sets))
    return ImageData(
        name=name,
        x_train=np.concatenate([each.x_train for each in sets])[trains],
        y_train=np.concatenate([each.y_train for each in sets])[trains],
        x_test=np.concatenate([each.x_test for each in sets])[tests],
        y_test=np.concatenate([each.y_test for each in sets])[tests],
        class_names=class_names,
    )
