"""Controls that several pages have: whose statistics normalize a test, and who is in its batches.

Each writes into the session under the page's own key and carries the page's own explanation.
"""

from collections.abc import Sequence

import streamlit as st

from afn.corruptions.applying import applicable, left_out, left_out_words

from .draw.corruptions import group_title
from .markdown import plain
from .view import settle

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""That can be chosen for tests."""
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


def corruption(
    key: str, names: Sequence[str], dataset: str, image_shape: tuple[int, int, int]
) -> None:
    """Draw the choice of a corruption, of those that change the images, and say which do not.

    Args:
        key: Where the choice is; one that changes nothing gives way to the first that does.
        names: All corruptions.
        dataset: Whose images.
        image_shape: The form (H, W, C) in which the network takes them.
    """
    places = [(name, severity) for name in names for severity in range(1, 6)]
    able = {name for name, _ in applicable(places, dataset, image_shape)}
    offered = [name for name in names if name in able] or list(names)
    absent = left_out([(n, 1) for n in names if n not in offered], dataset, image_shape)
    told = left_out_words(absent.values())
    settle(key, offered, "contrast" if "contrast" in offered else None)
    st.selectbox(
        "Corruption", offered, key=key, format_func=group_title, width=190,
        help=plain(f"{told[0].upper()}{told[1:]}.") if told else None,
    )  # fmt: skip
