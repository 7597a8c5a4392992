"""What the Paper page shows of pretrained models: their courses, effects, calibration, movement."""

import streamlit as st

from afn.pretrained.cards import Card

from ...kit.draw.calibration import Rated
from ...kit.draw.movement import Moved
from ...kit.measured import card
from ...kit.sections import calibration_answers as calibration
from ...kit.sections import movement as moving
from ...kit.sections.calibration_answers import CALIBRATED
from . import mechanisms
from .charts.mechanisms import COLORS
from .mechanisms import VARIANTS, Effect, TrainingCourse


def courses(network: str) -> list[TrainingCourse]:
    """How the trainings of a network went that are there."""
    cards = [(variant, card(f"{network}-{variant}")) for variant in VARIANTS]
    found = [_course(each.sha256["events"], each, variant) for variant, each in cards if each]
    return [each for each in found if each]


@st.cache_resource(show_spinner=False, max_entries=64)
def _course(sha256: str, _card: Card, variant: str) -> TrainingCourse | None:
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
