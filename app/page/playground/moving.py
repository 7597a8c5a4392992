"""One click to a setting in which λ moves, and what it teaches."""

import streamlit as st

from ...kit.comparison import MOVING, share
from ...kit.markdown import lettered, plain
from . import transport
from . import view as state
from .live import Live
from .words import MOVES


def render(live: Live) -> None:
    """Draw the button below λ; where λ learns so fast already, what it teaches."""
    adaptive = [slot for slot in live.slots if slot.config.is_adaptive]
    if not adaptive:
        return
    if all(slot.config.lambda_lr_factor >= MOVING for slot in adaptive):
        st.caption(lettered(MOVES))
        return
    st.button(
        plain(f"Let λ move: λ lr ×{MOVING:g}"), icon=":material/speed:", key="lambda.move",
        help=lettered(MOVES), on_click=transport.guarded(_let_move),
    )  # fmt: skip


def _let_move() -> None:
    """The same contenders from the start, with a λ that learns faster."""
    comparison, _ = state.take()
    wanted = share(comparison, lambda_lr_factor=MOVING)
    state.put(wanted)
    transport.start_again()
