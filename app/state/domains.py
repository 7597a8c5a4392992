"""The Domains page's settings."""

from app import domains
from app.state.views import ViewState

_VIEW = ViewState("domains", domains.from_url, domains.to_url, anchor="contenders")

key, keep, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.take, _VIEW.write


def begin() -> tuple[list[str], bool]:
    """Adopt what the URL says on the first look, ready the widgets.

    Returns:
        The link's problems, a list that may grow, and whether this is the first look.
    """
    is_first, _ = _VIEW.begin()
    return _VIEW.problems(), is_first
