"""How contenders on a stream look, wherever they are drawn."""

from afn.adapt.plan import STREAM_WAYS

from .legend import Stroke
from .palette import NORM_COLORS

WAY_LOOKS: dict[str, tuple[str, Stroke]] = {
    "running": (NORM_COLORS["bn"], "thin"),
    "batch": (NORM_COLORS["bn"], "line"),
    "mix": (NORM_COLORS["ln"], "line"),
    "prior": (NORM_COLORS["asrnorm"], "line"),
    "moving": (NORM_COLORS["in"], "line"),
    "tent": (NORM_COLORS["wsgn"], "line"),
    "afn": (NORM_COLORS["afn"], "line"),
    "frozen": (NORM_COLORS["afn"], "dashed"),
}
"""By way: its colour and its line."""
LOOKS_BY_TITLE = {STREAM_WAYS[way]: look for way, look in WAY_LOOKS.items()}
