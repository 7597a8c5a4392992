"""Data sets and families of domains: which can be loaded now, and how they are called."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from afn.ask.network import Network
from afn.data import DatasetEntry, catalogue, dataset_entry
from afn.data.classes import united
from afn.data.derived import parts_of
from afn.data.domains import DIGIT_SETS, digit_domains, tree_domains
from afn.data.entries import ascii_slug
from afn.data.own.rules import own_in
from afn.own.kept import unnamed
from afn.pretrained.cards import Card

from . import backend, people

DIGITS = "digits"
_FAMILIES = {"digits": "pretrained digits", "pacs": "pacs"}
"""Of pretrained models by their group, where their domains are not here."""


def is_here(dataset: str) -> bool:
    """Whether its images can be loaded."""
    try:
        return not dataset_entry(dataset).how_to_get
    except ValueError:
        return False


def families(cards: Iterable[Card] = ()) -> dict[str, list[DatasetEntry]]:
    """Domains by the name of what they have in common.

    Those that can be loaded now; and those that are not here, where pretrained models have been
    tested on them, so that what is known of them can be seen.
    """
    here = {DIGITS: digit_domains(), **tree_domains()}
    known = {frozenset(entry.name for entry in entries) for entries in here.values()}
    for card in cards:
        names = [each.name for each in card.tested_on]
        if card.group in _FAMILIES and len(names) > 1 and frozenset(names) not in known:
            known.add(frozenset(names))
            here.setdefault(_FAMILIES[card.group], [dataset_entry(name) for name in names])
    return here


def family_now(name: str, known: Iterable[str]) -> str:
    """What a family is called now, where a link has the name of before scripts were kept."""
    former = [each for each in known if ascii_slug(each) == name]
    return former[0] if len(former) == 1 and name not in known else name


def are_here(domains: Iterable[DatasetEntry]) -> bool:
    """Whether the images can be loaded."""
    return not any(entry.how_to_get for entry in domains)


def title_of(entry: DatasetEntry) -> str:
    """A domain's short title; of people's own pictures their classes."""
    if own_in(entry.name):
        return backend.data_words(entry.name)
    return entry.name.rpartition("/")[2].replace("_", " ")


def other_domains(dataset: str) -> dict[str, str]:
    """Domains that share classes with a data set and can be loaded now: name -> title."""
    own = {current_name(part) for part in parts_of(dataset) or [dataset]}
    for entries in families().values():
        names = {entry.name: title_of(entry) for entry in entries}
        if own & names.keys() or (own & DIGIT_SETS and DIGIT_SETS & names.keys()):
            known = united(entry.class_names for entry in entries if entry.name in own)
            return {
                entry.name: names[entry.name]
                for entry in entries
                if entry.name not in own and (not known or set(known) & set(entry.class_names))
            }
    return {}


OTHER_CLASSES = " (other classes)"
"""Behind the title of what a model can say nothing right of."""


def own_entries() -> list[DatasetEntry]:
    """Of the pictures that who asks dropped here, and that can be learned."""
    return [each.entry() for each in people.own_sets() if not each.why_unusable]


def own_fitting(network: Network) -> dict[str, str]:
    """Those that a model of one's own can be right about: name -> title.

    Its classes are theirs, or nobody said what its classes are called and they are as many.
    """
    if network.rebuilt is None:
        return {}
    names = network.class_names
    return {
        entry.name: title_of(entry)
        for entry in own_entries()
        if set(names) == set(entry.class_names)
        or (names == unnamed(len(names)) and len(names) == len(entry.class_names))
    }


def as_asked(network: Network, dataset: str) -> Network:
    """The network that is asked about a data set.

    A model of one's own of which nobody said what its classes are called has those of one's own
    pictures, in their order.
    """
    if dataset not in own_fitting(network):
        return network
    if network.class_names != unnamed(len(network.class_names)):
        return network
    return replace(network, class_names=dataset_entry(dataset).class_names)


def fitting(network: Network) -> dict[str, str]:
    """Data sets here that a model of one's own can be shown: name -> title.

    Its own first, then others of its classes, then the rest, of which it can say nothing right.
    """
    known = set(network.class_names)
    every = catalogue() | {entry.name: entry for entry in own_entries()}
    here = [entry for entry in every.values() if not entry.how_to_get and entry.class_names]
    sharing = {entry.name for entry in here if known & set(entry.class_names)}
    own, channels = network.config.dataset, network.image_shape[2]
    here.sort(
        key=lambda it: (it.name != own, it.name not in sharing, it.image_shape[2] != channels)
    )
    return {
        entry.name: backend.data_words(entry.name)
        + ("" if entry.name in sharing else OTHER_CLASSES)
        for entry in here
    }


def current_name(dataset: str) -> str:
    """What a data set is called now: links and runs may have what it was called before."""
    with suppress(ValueError):
        return dataset_entry(dataset).name
    return dataset
