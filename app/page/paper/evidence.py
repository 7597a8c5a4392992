"""What the Paper page shows of pretrained models: their courses, effects, calibration, movement."""

from afn.pretrained.cards import Card

from ...kit.cards import find, per_card
from ...kit.draw.calibration import Rated
from ...kit.draw.movement import Moved
from ...kit.sections import calibration
from ...kit.sections import movement as moving
from ...kit.sections.calibration import CALIBRATED
from . import mechanisms
from .charts.mechanisms import COLORS
from .mechanisms import VARIANTS, Effect, TrainingCourse


def courses(network: str) -> list[TrainingCourse]:
    """How the trainings of a network went that are there."""
    cards = [(variant, find(f"{network}-{variant}")) for variant in VARIANTS]
    found = [_course(each, variant) for variant, each in cards if each]
    return [each for each in found if each]


@per_card()
def _course(card: Card, variant: str) -> TrainingCourse | None:
    try:
        return mechanisms.course(card, variant)
    except (ValueError, OSError):
        return None


def effects(network: str) -> list[Effect]:
    """What AFN's networks change in each test; none where that is not known."""
    found = find(f"{network}-afn")
    return _effects(found) if found else []


@per_card()
def _effects(card: Card) -> list[Effect]:
    try:
        return mechanisms.effects(card)
    except (ValueError, OSError):
        return []


def calibrations(network: str) -> list[Rated]:
    """How sure and how right the shipped networks are, in every way in which they were asked."""
    return _calibrations([each for norm in CALIBRATED if (each := find(f"{network}-{norm}"))])


@per_card()
def _calibrations(cards: list[Card]) -> list[Rated]:
    try:
        return calibration.of_cards(cards)
    except (ValueError, OSError):
        return []


def moved(network: str) -> dict[str, Moved]:
    """How far the small networks of its trainings moved, by the model's name, where it is known."""
    found = {}
    for variant, label in VARIANTS.items():
        mine = find(f"{network}-{variant}")
        if mine and (movement := moving.of_card(mine)):
            alone = moving.decay_of_card(mine)
            found[mine.name] = Moved(label, COLORS[variant], movement, alone)
    return found
