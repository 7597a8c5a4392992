"""What the pages know of pretrained models, read once and again where files have changed."""

from pathlib import Path

import streamlit as st

from afn.pretrained.ablations import ABLATIONS
from afn.pretrained.asked import Found, table_of
from afn.pretrained.asks import Reading
from afn.pretrained.cards import Card, pretrained_dir, read_card
from afn.pretrained.measured import Results
from afn.pretrained.published import TABLES, Table
from afn.pretrained.replication import Replicated, replicated
from afn.pretrained.results import FILE
from app import calibration, mechanisms, moving
from app.calibration import CALIBRATED
from app.charts.calibration import Rated
from app.charts.mechanisms import COLORS
from app.charts.movement import Moved
from app.mechanisms import VARIANTS, Course, Effect
from app.on_cifar10 import results_of
from app.results import Results as AblationResults


def results() -> Results:
    """The table of all accuracies.

    Raises:
        ValueError: It is damaged.
    """
    folder = pretrained_dir()
    return _results(folder, _modified(folder / FILE))


@st.cache_resource(show_spinner=False, max_entries=4)
def _results(folder: Path, modified: int) -> Results:
    return Results.read(folder)


def rows(table: Table, reading: Reading) -> list[Replicated]:
    """A published table's rows beside ours.

    Raises:
        ValueError: The table of all accuracies is damaged.
    """
    folder = pretrained_dir()
    return _rows(table.name, reading, folder, _modified(folder / FILE), table, results())


@st.cache_resource(show_spinner=False, max_entries=32)
def _rows(
    name: str, reading: Reading, folder: Path, modified: int, _table: Table, _results: Results
) -> list[Replicated]:
    return replicated(_results, _table, reading)


def asked() -> list[Found]:
    """What the source asks and what was found.

    Raises:
        ValueError: The table of all accuracies is damaged.
    """
    folder = pretrained_dir()
    return _asked(folder, _modified(folder / FILE), results())


@st.cache_resource(show_spinner=False, max_entries=4)
def _asked(folder: Path, modified: int, _results: Results) -> list[Found]:
    return table_of(_results, {table.name: rows(table, "trains") for table in TABLES})


def ablations() -> dict[str, AblationResults]:
    """Those on CIFAR-10 that can be compared by now, by name.

    Raises:
        ValueError: The table of all accuracies is damaged.
    """
    folder = pretrained_dir()
    return _ablations(folder, _modified(folder / FILE), results())


@st.cache_resource(show_spinner=False, max_entries=4)
def _ablations(folder: Path, modified: int, _results: Results) -> dict[str, AblationResults]:
    found = {name: results_of(each, _results) for name, each in ABLATIONS.items()}
    return {name: each for name, each in found.items() if each}


def card(name: str) -> Card | None:
    """A shipped model's card; None where it is not shipped, or damaged."""
    folder = pretrained_dir()
    modified = _modified(folder / f"{name}.json")
    return _card(name, folder, modified) if modified else None


@st.cache_resource(show_spinner=False, max_entries=256)
def _card(name: str, folder: Path, modified: int) -> Card | None:
    try:
        return read_card(name, folder)
    except ValueError:
        return None


def courses(network: str) -> list[Course]:
    """How the trainings of a network went that are there."""
    cards = [(variant, card(f"{network}-{variant}")) for variant in VARIANTS]
    found = [_course(each.sha256["events"], each, variant) for variant, each in cards if each]
    return [each for each in found if each]


@st.cache_resource(show_spinner=False, max_entries=64)
def _course(sha256: str, _card: Card, variant: str) -> Course | None:
    try:
        return mechanisms.course(_card, variant)
    except (ValueError, OSError):
        return None


def effects(network: str) -> list[Effect]:
    """What AFN's networks change in each test; none where that is not known."""
    found = card(f"{network}-afn")
    return _effects(found.sha256["cells"], found) if found else []


@st.cache_resource(show_spinner=False, max_entries=16)
def _effects(sha256: str, _card: Card) -> list[Effect]:
    try:
        return mechanisms.effects(_card)
    except (ValueError, OSError):
        return []


def calibrations(network: str) -> list[Rated]:
    """How sure and how right the shipped networks are, in every way in which they were asked."""
    found = [each for norm in CALIBRATED if (each := card(f"{network}-{norm}"))]
    return _calibrations(tuple(each.sha256["cells"] for each in found), found)


@st.cache_resource(show_spinner=False, max_entries=8)
def _calibrations(sha256: tuple[str, ...], _cards: list[Card]) -> list[Rated]:
    try:
        return calibration.of_cards(_cards)
    except (ValueError, OSError):
        return []


def moved(network: str) -> dict[str, Moved]:
    """How far the small networks of its trainings moved, by the model's name, where it is known."""
    found = {}
    for variant, label in VARIANTS.items():
        mine = card(f"{network}-{variant}")
        if mine and (movement := moving.of_card(mine)):
            alone = moving.decay_of_card(mine)
            found[mine.name] = Moved(label, COLORS[variant], movement, alone)
    return found


def _modified(path: Path) -> int:
    """When a file was written, in ns; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
