"""The Domains page's settings."""

from app import domains
from app.state.views import ViewState

_VIEW = ViewState("domains", domains.from_url, domains.to_url, anchor="contenders")

key, keep, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.take, _VIEW.write


def begin() -> tuple[list[str], bool]:
    """Adopt what the address asks for; ready the widgets.

    Returns:
        The problems with it, a list that may grow, and whether it is new.
    """
    is_asked, _ = _VIEW.begin()
    return _VIEW.problems(), is_asked
