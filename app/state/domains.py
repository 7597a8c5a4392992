"""The Domains page's settings."""

from app import domains
from app.state.views import ViewState

_VIEW = ViewState("domains", domains.from_url, domains.to_url, anchor="contenders")

key, keep, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.take, _VIEW.write


def begin() -> list[str]:
    """Adopt what the URL says on the first look, ready the widgets; returns the link's problems."""
    _VIEW.begin()
    return _VIEW.problems()
