"""The Ablations page's settings."""

from app import ablations
from app.state.views import ViewState

_VIEW = ViewState(
    "ablations", ablations.from_url, ablations.to_url, anchor="sweep", things=("sweep",)
)

key, keep, put, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.put, _VIEW.take, _VIEW.write


def begin() -> list[str]:
    """Adopt what the address asks for, ready the widgets; returns its problems."""
    _VIEW.begin()
    return _VIEW.problems()
