"""The Cost page's settings, and the live measurement that it shows."""

import streamlit as st

from afn.cost.records import Report
from app import backend, costing
from app.costing import CostView
from app.state.views import ViewState

MEASUREMENT_PARAMETER = "m"
_MEASUREMENT = "cost.measurement"
_VIEW = ViewState(
    "cost", costing.from_url, costing.to_url, anchor="subject", things=(MEASUREMENT_PARAMETER,)
)

key, put = _VIEW.key, _VIEW.put


def begin() -> list[str]:
    """Adopt what the address asks for, ready the widgets; returns its problems."""
    is_asked, url = _VIEW.begin()
    if is_asked:
        st.session_state[_MEASUREMENT] = ""
        if named := url.get(MEASUREMENT_PARAMETER, [""])[-1]:
            try:
                backend.measurements().report(named)
                st.session_state[_MEASUREMENT] = named
            except (ValueError, OSError) as error:
                _VIEW.problems().append(f"In the link, m: {error}. It is left out.")
    return _VIEW.problems()


def take() -> CostView:
    """The view that the widgets say; norms always in the same order."""
    return _VIEW.take().in_order()


def measurement() -> str:
    """The live measurement that the page shows; empty for none."""
    shown: str = st.session_state[_MEASUREMENT]
    return shown


def show_measurement(measurement: str) -> None:
    """Show a live measurement, or with an empty name the reference again."""
    st.session_state[_MEASUREMENT] = measurement
    _VIEW.clear_problems()


def write_url(view: CostView) -> None:
    """Make the address a link to what the page shows."""
    shown = measurement()
    _VIEW.write(view, **({MEASUREMENT_PARAMETER: shown} if shown else {}))


@st.cache_resource(show_spinner=False)
def reference() -> Report:
    """What was measured on the reference machine."""
    return Report.read(costing.REFERENCE)
