"""What a session keeps of the Playground besides widgets."""

import secrets
from dataclasses import dataclass, field

from ...kit.comparison import Comparison, default_comparison


@dataclass(slots=True)
class Session:
    """What a session keeps of the Playground."""

    settings: Comparison = field(default_factory=default_comparison)
    runs: list[str | None] = field(default_factory=list)
    """Ids, by slot."""
    problems: list[str] = field(default_factory=list)
    """What the page says on top, as what could not be had from the link."""
    views: dict[str, str] = field(default_factory=dict)
    """How the runs are looked at."""
    panels: dict[int, tuple[str, bool, bool]] = field(default_factory=dict)
    """Slot -> a panel's name, whether it began open, and whether it is."""
    order: str = field(default_factory=secrets.token_hex)
    """The number of what Start orders next."""
    arrivals: int = 0
    """How often an address was adopted: each time the browser shows the step of the link."""
    started: float | None = None
    """When Start was last pressed, on the monotonic clock; for the moment until the first step."""
