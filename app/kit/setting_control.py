"""The control of a setting, as its row says: label, bounds, choices, help."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from afn.settings.config import TrainConfig
from afn.settings.setting import Setting

from .markdown import lettered

_MOST_PLACES = 18
"""A number of so few places has a slider."""
_MOST_SEGMENTS = 2
"""More choices drop down."""


def control(
    setting: Setting,
    key: str,
    config: TrainConfig,
    *,
    on: Any = st,
    offered: Sequence[str] = (),
    **more: Any,
) -> Any:
    """Draw it; returns what it says.

    Args:
        setting: Its row.
        key: Of the widget.
        config: Says what an empty field stands for.
        on: Where it is drawn.
        offered: What can be chosen, where the row names nothing.
        more: Goes to the widget; ``value`` is what it begins with.
    """
    more = {"key": key, "help": lettered(setting.help) or None, **more}
    is_optional = setting.default is None
    match setting.kind:
        case "whole" | "number":
            assert setting.bounds is not None
            low, high = setting.bounds
            kind = type(low)
            if (high - low) / setting.step <= _MOST_PLACES and not is_optional:
                return on.slider(setting.label, low, high, step=kind(setting.step), **more)
            more["format"] = None if kind is int else "%.4g"
            more["placeholder"] = setting.words(None, config) if is_optional else None
            return on.number_input(setting.label, low, high, step=kind(setting.step), **more)
        case "switch":
            return on.toggle(setting.label, **more)
        case "choice" if not is_optional and len(setting.choices) <= _MOST_SEGMENTS:
            return on.segmented_control(setting.label, setting.choices, required=True, **more)
        case "choice":
            options = [None, *setting.choices] if is_optional else list(setting.choices)
            more["placeholder"] = setting.words(None, config) if is_optional else None
            more.setdefault("format_func", lambda value: setting.words(value, config))
            if "value" in more:
                more["index"] = options.index(more.pop("value"))
            return on.selectbox(setting.label, options, **more)
        case "names":
            return on.multiselect(setting.label, offered or setting.choices, **more)
    return on.text_input(setting.label, **more)
