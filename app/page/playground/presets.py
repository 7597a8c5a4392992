"""Presets as pictures: where λ starts, and how the losses fell when they were trained."""

import base64
import json
import math
from collections.abc import Sequence
from functools import cache

import streamlit as st

from afn.settings.norms import ADAPTIVE_NORMS

from ...kit.comparison import PRESETS, Comparison, Preset, lambda_start
from ...kit.draw.palette import GREY, run_colors
from ...kit.folders import PRESET_CURVES
from ...kit.markdown import lettered
from . import view as state
from .words import HELP

_MOST_LOSS = 2.5
"""In nats: guessing among ten classes is 2.3."""


def render(current: Comparison) -> None:
    """Draw them behind a button, and what to expect of the one that is set."""
    panel = st.popover(
        "Experiments", icon=":material/science:", width="stretch", key=state.EXPERIMENTS,
        help=HELP["preset"], on_change="rerun",
    )  # fmt: skip
    if not panel.open:
        return
    with panel:
        with st.container(key="presets"):
            for name, preset in PRESETS.items():
                is_set = preset.comparison == current
                st.button(
                    preset.name, key=f"preset.{name}", width="stretch",
                    type="primary" if is_set else "secondary", help=lettered(preset.expectation),
                    on_click=state.adopt_preset, args=(name,),
                )  # fmt: skip
        st.html(f"<style>{_pictures()}</style>")
        for preset in PRESETS.values():
            if preset.comparison == current:
                st.caption(lettered(f"**{preset.title}.** {preset.expectation}"))


@cache
def _pictures() -> str:
    """A rule of style for each button."""
    curves = json.loads(PRESET_CURVES.read_text()) if PRESET_CURVES.is_file() else {}
    rules = []
    for name, preset in PRESETS.items():
        data = base64.b64encode(picture(preset, curves.get(name, ())).encode()).decode()
        rules.append(
            f".st-key-preset-{name} button::before "
            f'{{background-image: url("data:image/svg+xml;base64,{data}");}}'
        )
    return "\n".join(rules)


def picture(preset: Preset, curves: Sequence[Sequence[float]]) -> str:
    """A dial whose needle is λ of the mean where it starts, and a curve per contender, as SVG."""
    colors = run_colors([config.norm for config in preset.comparison])
    lines = []
    for curve, color in zip(curves, colors, strict=False):
        points = " ".join(
            f"{50 + 76 * i / max(len(curve) - 1, 1):.1f},{48 - 44 * min(y / _MOST_LOSS, 1):.1f}"
            for i, y in enumerate(curve)
        )
        lines.append(f'<polyline points="{points}" stroke="{color}"/>')
    adaptive = [
        (lambda_start(config.lambda_init)["mu"], color)
        for config, color in zip(preset.comparison, colors, strict=True)
        if config.norm in ADAPTIVE_NORMS
    ]
    for share, color in adaptive[:1]:
        x, y = 22 - 15 * math.cos(math.pi * share), 38 - 15 * math.sin(math.pi * share)
        lines.append(f'<path d="M22 38L{x:.1f} {y:.1f}" stroke="{color}" stroke-width="3"/>')
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 130 52" fill="none" '
        'stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round">'
        f'<path d="M4 38A18 18 0 0 1 40 38M50 2V48H128" stroke="{GREY}" stroke-width="1.5"/>'
        f"{''.join(lines)}</svg>\n"
    )
