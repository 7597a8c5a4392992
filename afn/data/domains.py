"""Domains: data sets of the same classes that look different, and how to train across them."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Literal

from afn.data.catalogue import catalogue
from afn.data.classes import are_joinable
from afn.data.derived import derived_name
from afn.data.entries import DatasetEntry

ComparisonChannels = Literal["channels reduced", "channels increased"]
SETTINGS: dict[ComparisonChannels, int] = {"channels reduced": 1, "channels increased": 3}
"""The paper's ways to compare grey and colour domains, and the channels that models then take."""

# A domain's published set and its embedded relative.
_DIGITS = (("mnist", "mnist5k"), ("usps", "digits8"), ("mnistm", "mnistm5k"), ("svhn", "syn"))
DIGIT_SETS = {name for names in _DIGITS for name in names}
"""Data sets whose classes are the ten digits."""


def digit_domains(folder: Path | None = None) -> list[DatasetEntry]:
    """The digit domains that can be loaded now: published ones, else their embedded relatives.

    Where MNIST is on disk and MNIST-M is not, some test digits of mnistm5k may be among those that
    MNIST trains on: mnist5k, of which it is made, does not say from which part it is.
    """
    here = _here(folder)
    found = [[here[name] for name in names if name in here] for names in _DIGITS]
    return [entries[0] for entries in found if entries]


def tree_domains(folder: Path | None = None) -> dict[str, list[DatasetEntry]]:
    """The domains of each ``<Name>/<domain>/<class>/*`` tree that has two or more to load."""
    entries = [entry for name, entry in _here(folder).items() if "/" in name]
    trees = groupby(sorted(entries, key=_tree_of), key=_tree_of)
    found = {tree: sorted(domains, key=lambda entry: entry.name) for tree, domains in trees}
    return {tree: domains for tree, domains in found.items() if len(domains) > 1}


def settings_of(domains: Sequence[DatasetEntry]) -> list[ComparisonChannels]:
    """The settings in which domains can be compared; without any colour, one is enough."""
    most = max((entry.image_shape[2] for entry in domains), default=0)
    return [setting for setting, channels in SETTINGS.items() if channels <= most]


def single_source(
    domains: Sequence[DatasetEntry], setting: ComparisonChannels | None = None
) -> dict[str, list[str]]:
    """The names of the domains to test on, by the name of the data set to train on: each domain.

    Args:
        domains: Two or more.
        setting: What to train on has these channels; None leaves each domain its own.

    Raises:
        ValueError: An unknown setting.
    """
    return {
        _training_name([source], setting): [entry.name for entry in domains if entry != source]
        for source in domains
    }


def leave_one_out(
    domains: Sequence[DatasetEntry], setting: ComparisonChannels | None = None
) -> dict[str, list[str]]:
    """As `single_source`, but all domains but one train and that one tests.

    Where the others have no classes in common, there is nothing to train on.
    """
    rests = [(target, [entry for entry in domains if entry != target]) for target in domains]
    return {
        _training_name(rest, setting): [target.name]
        for target, rest in rests
        if are_joinable(entry.class_names for entry in rest)
    }


def _training_name(sources: Sequence[DatasetEntry], setting: ComparisonChannels | None) -> str:
    if setting is not None and setting not in SETTINGS:
        raise ValueError(f"setting must be one of {', '.join(SETTINGS)}, got {setting!r}")
    return derived_name(sources, SETTINGS[setting] if setting else None)


def _here(folder: Path | None) -> dict[str, DatasetEntry]:
    entries = catalogue(folder).items()
    return {name: entry for name, entry in entries if entry.status in ("embedded", "on disk")}


def _tree_of(entry: DatasetEntry) -> str:
    return entry.name.partition("/")[0]
