"""What several pages choose of a test: its statistics, its batches, its corruption."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from afn.corruptions.applying import applicable, left_out, left_out_words

from .draw.corruptions import group_title
from .markdown import plain
from .view import ViewState

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""That can be chosen for tests."""
STATISTICS = {"trained": "as trained", "running": "running", "batch": "test batch"}
"""Whose statistics a norm that has the choice uses -> title."""
ORDERS = {"mixed": "mixed", "by label": "sorted by class"}
"""How test images are put into batches -> title."""


def corruption(
    view: ViewState[Any], names: Sequence[str], dataset: str, image_shape: tuple[int, int, int]
) -> None:
    """Draw the choice of a corruption, of those that change the images, and say which do not."""
    places = [(name, severity) for name in names for severity in range(1, 6)]
    able = {name for name, _ in applicable(places, dataset, image_shape)}
    offered = [name for name in names if name in able] or list(names)
    absent = left_out([(n, 1) for n in names if n not in offered], dataset, image_shape)
    told = left_out_words(absent.values())
    view.choice(
        "corruption", "Corruption", offered, like=st.selectbox, titles=group_title, width=190,
        default="contrast" if "contrast" in offered else None,
        help=plain(f"{told[0].upper()}{told[1:]}.") if told else None,
    )  # fmt: skip
