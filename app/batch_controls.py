"""Controls that several pages have: whose statistics normalize a test, and who is in its batches.

Each writes into the session under the page's own key and carries the page's own explanation.
"""

import streamlit as st

STATISTICS = {"trained": "as trained", "running": "running", "batch": "test batch"}
"""Whose statistics a norm that has the choice uses -> title."""
ORDERS = {"mixed": "mixed", "by label": "sorted by class"}
"""How test images are put into batches -> title."""


def statistics(key: str, explanation: str) -> None:
    """Draw the choice of `STATISTICS`."""
    st.segmented_control(
        "Statistics", list(STATISTICS), key=key, required=True,
        format_func=STATISTICS.__getitem__, help=explanation,
    )  # fmt: skip


def order(key: str, explanation: str, *, disabled: bool = False) -> None:
    """Draw the choice of `ORDERS`."""
    st.segmented_control(
        "Batches", list(ORDERS), key=key, required=True, disabled=disabled,
        format_func=ORDERS.__getitem__, help=explanation,
    )  # fmt: skip
