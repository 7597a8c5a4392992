"""The Paper page's settings."""

from app import paper
from app.paper import PaperView
from app.state.views import ViewState

_VIEW = ViewState("paper", paper.from_url, paper.to_url, anchor="reading")

key, take = _VIEW.key, _VIEW.take


def begin() -> list[str]:
    """Adopt what the address asks for, ready the widgets; returns its problems."""
    _VIEW.begin()
    return _VIEW.problems()


def write_url(view: PaperView) -> None:
    """Make the address a link to what is on screen."""
    _VIEW.write(view)
