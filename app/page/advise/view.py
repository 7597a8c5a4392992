"""What the page of advice shows: whose."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from afn.advice.kept import KeptAdvice, kept, read
from afn.data import catalogue
from afn.work.secret import is_shared

from ...kit import backend, own, people
from ...kit.view import View, ViewState, in_link

_REFERENCE = Path(__file__).parents[2] / "reference" / "advice.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class AdviseView(View):
    """Which advice is looked at."""

    of: str = in_link("of", "")
    """Its name; empty for the newest."""
    model: str = in_link("model", "")
    """That can be asked about, of those that the app was started with; empty for the first."""
    dataset: str = in_link("data", "")
    """On which; empty for that of its classes."""


VIEW = ViewState("advise", AdviseView, anchor="of")


@cache
def reference() -> KeptAdvice:
    """What comes along: of a small network of digits."""
    return read(_REFERENCE)


def known() -> dict[str, KeptAdvice]:
    """By name: what was measured here, the newest first, and what comes along.

    On a server that several people share: of the models that it was started with, on data sets
    that all have, or one's own. What else its owner measured is nobody else's.
    """
    return {each.name: each for each in [*filter(_may_see, kept()), reference()]}


def _may_see(advice: KeptAdvice) -> bool:
    if not is_shared():
        return True
    findings = advice.findings
    if findings.model not in {each.id for each in own.models()}:
        return False
    found = backend.own().find(findings.dataset)
    return people.may_change(found) if found else findings.dataset in catalogue()
