"""What the page of norms shows: its settings and their link form."""

from dataclasses import dataclass

from afn.settings.norms import NORM_NAMES

from ...kit.view import View, ViewState, in_link
from .words import HELP

IMAGES = range(1, 7)
WHEN = ("training", "test")
SIDES = (28, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class NormsView(View):
    """Which norm is looked at, on what."""

    norm: str = in_link("norm", "bn", NORM_NAMES)
    images: int = in_link("images", 6, IMAGES)
    """Of the batch."""
    when: str = in_link("when", "training", WHEN)
    side: int = in_link("side", 28, SIDES)
    """Pixels of each map's side."""


VIEW = ViewState("norms", NormsView, anchor="norm", help=HELP)
