"""What the page of advice shows: whose."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from afn.advice.kept import KeptAdvice, kept, read
from afn.work.secret import is_shared

from ...kit.view import View, ViewState, in_link

_REFERENCE = Path(__file__).parents[2] / "reference" / "advice.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class AdviseView(View):
    """Which advice is looked at."""

    of: str = in_link("of", "")
    """Its name; empty for the newest."""


VIEW = ViewState("advise", AdviseView, anchor="of")


@cache
def reference() -> KeptAdvice:
    """What comes along: of a small network of digits."""
    return read(_REFERENCE)


def known() -> dict[str, KeptAdvice]:
    """By name: what was measured here, the newest first, and what comes along.

    On a server that several people share, what its owner measured is nobody else's.
    """
    own = [] if is_shared() else list(kept())
    return {each.name: each for each in [*own, reference()]}
