"""How networks were trained, as a table."""

from collections.abc import Mapping

from afn.settings.config import SETTINGS, TrainConfig
from afn.settings.setting import Setting

from .parts import Heading, Piece, Records

_ALWAYS = ("dataset", "backbone", "epochs", "batch_size", "lr", "seed")


def trained(configs: Mapping[str, TrainConfig]) -> list[Piece]:
    """What configurations always have to say, and what is not the default in one of them."""
    if not configs:
        return []
    told = [
        (setting, [_words(setting, config) for config in configs.values()])
        for name, setting in SETTINGS.items()
        if name in _ALWAYS
        or any(getattr(config, name) != setting.default for config in configs.values())
    ]
    rows = [
        {"setting": setting.label, **dict(zip(configs, values, strict=True))}
        for setting, values in told
    ]
    title = "How they were trained" if len(configs) > 1 else "How it was trained"
    return [Heading(title=title), Records(rows=rows)]


def _words(setting: Setting, config: TrainConfig) -> str:
    """A value as people read it; a seed is a name rather than a number."""
    value = getattr(config, setting.name)
    is_count = type(value) is int and not setting.unit and setting.name != "seed"
    return f"{value:,}" if is_count else setting.words(value, config)
