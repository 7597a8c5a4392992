"""How networks were trained, as a table."""

from collections.abc import Mapping

from afn.settings.config import SETTINGS, TrainConfig

from .parts import Heading, Piece, Records

_ALWAYS = ("dataset", "backbone", "epochs", "batch_size", "lr", "seed")


def trained(configs: Mapping[str, TrainConfig]) -> list[Piece]:
    """What configurations always have to say, and what is not the default in one of them."""
    if not configs:
        return []
    told = [
        (setting, [setting.words(getattr(config, name), config) for config in configs.values()])
        for name, setting in SETTINGS.items()
        if name in _ALWAYS
        or any(getattr(config, name) != setting.default for config in configs.values())
    ]
    rows = [
        {"setting": setting.label, **dict(zip(configs, values, strict=True))}
        for setting, values in told
    ]
    return [Heading(title="How they were trained"), Records(rows=rows)]
