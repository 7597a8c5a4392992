"""A setting of a training is a row: its bounds, its names, who heeds it, where it may change."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from afn.settings.lambda_init import LambdaInit
from afn.wording import count_words

Kind = Literal["name", "choice", "switch", "whole", "number", "wholes", "names", "start"]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """What has to hold for a setting to have an effect."""

    holds: Callable[[Any], bool]
    """Asked of a configuration, or of what has a configuration's attributes."""
    without: str
    """Why there is none; may name ``{norm}`` and ``{backbone}``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One field of a configuration, and all that is said of it anywhere.

    Example:
        >>> from afn.settings.config import SETTINGS
        >>> lr = SETTINGS["lr"]
        >>> lr.title, lr.kind, lr.from_text("0.1"), lr.url
        ('learning rate', 'number', 0.1, 'lr')
        >>> lr.check(100.0)
        Traceback (most recent call last):
        ValueError: lr must be a number from 1e-05 to 10, got 100
    """

    default: Any
    title: str
    """As people call it, within a sentence."""
    url: str
    """Its key in a link to the Playground."""
    name: str = ""
    """The field's."""
    help: str = ""
    """Beside its control."""
    bounds: tuple[float, float] | None = None
    """Inclusive; their type says whether it takes whole numbers."""
    step: float = 1
    """By which its control goes up and down."""
    lengths: tuple[int, int] | None = None
    """Of a list: how many, at least and at most."""
    choices: tuple[str, ...] = ()
    unit: str = ""
    """What it counts, one of them."""
    unset: str = ""
    """What None stands for; may name other fields as ``{config.stan_ratio}``."""
    tells: str = ""
    """How it tells one run from another; ``{}`` is the value. Empty: it does not."""
    varied: str = ""
    """Values that an axis of a sweep begins with; empty: it is nothing to compare by."""
    changes: Literal["never", "fork", "live"] = "never"
    """Whether a fork may change it, or what trains as well."""
    own: bool = False
    """Whether each contender of a comparison has its own."""
    is_rare: bool = True
    """Whether its control is among those that are folded away."""
    is_layers: bool = False
    """Whether adaptive layers take it by the same name."""
    needs: tuple[Need, ...] = ()

    @property
    def kind(self) -> Kind:
        """What values it takes."""
        match self.default:
            case LambdaInit():
                return "start"
            case bool():
                return "switch"
            case tuple():
                return "wholes" if self.bounds else "names"
        if self.bounds:
            return "whole" if isinstance(self.bounds[0], int) else "number"
        return "choice" if self.choices else "name"

    @property
    def is_list(self) -> bool:
        """Whether it has several values at once."""
        return isinstance(self.default, tuple)

    @property
    def label(self) -> str:
        """Its title as a control has it."""
        first = self.title[0]
        return (first.upper() if first.isascii() else first) + self.title[1:]

    @property
    def option(self) -> str:
        """On the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def takes(self) -> str:
        """Its choices, or its bounds, in words; empty where neither says much."""
        if self.kind in ("whole", "number"):
            assert self.bounds is not None
            return f"{self.bounds[0]:g} to {self.bounds[1]:g}"
        return ", ".join(self.choices)

    def check(self, value: Any) -> None:
        """Raise ValueError with one line unless it can be that."""
        if value is None and self.default is None:
            return
        match self.kind:
            case "name" if not isinstance(value, str):
                raise ValueError(f"{self.name} must be a name, got {as_given(value)}")
            case "switch" if not isinstance(value, bool):
                raise ValueError(f"{self.name} must be True or False, got {as_given(value)}")
            case "choice":
                self._check_choice(self.name, value)
            case "whole" | "number" if not self._is_within(value):
                none = " or None" if self.default is None else ""
                raise ValueError(
                    f"{self.name} must be {self._range()}{none}, got {as_given(value)}"
                )
            case "wholes":
                self._check_wholes(value)
            case "names":
                if not all(isinstance(each, str) for each in value):
                    raise ValueError(f"{self.name} must be names, got {as_given(value)}")
                for each in value if self.choices else ():
                    self._check_choice(self.name.removesuffix("s"), each)

    def _check_choice(self, what: str, value: Any) -> None:
        if value not in self.choices:
            raise ValueError(f"unknown {what} {value!r}; known: {', '.join(self.choices)}")

    def _check_wholes(self, value: Any) -> None:
        low, high = self.lengths or (1, 1)
        if not low <= len(value) <= high or not all(self._is_within(each) for each in value):
            kinds = self._range().replace("a whole number", f"{low} to {high} whole numbers")
            raise ValueError(f"{self.name} must be {kinds}, got {as_given(value)}")

    def _is_within(self, value: Any) -> bool:
        assert self.bounds is not None
        is_whole = isinstance(self.bounds[0], int)
        is_number = isinstance(value, int) or (isinstance(value, float) and not is_whole)
        is_bool = isinstance(value, bool)
        return is_number and not is_bool and self.bounds[0] <= value <= self.bounds[1]

    def _range(self) -> str:
        assert self.bounds is not None
        kind = "a whole number" if isinstance(self.bounds[0], int) else "a number"
        return f"{kind} from {self.bounds[0]:g} to {self.bounds[1]:g}"

    def unheeded(self, config: Any) -> str:
        """Why it has no effect in a configuration; empty where it has one."""
        for need in self.needs:
            if not need.holds(config):
                return need.without.format(norm=config.norm.upper(), backbone=config.backbone)
        return ""

    # -- as text -----------------------------------------------------------------------------------

    def to_text(self, value: Any) -> str:
        """As a link says it; the inverse of `from_text`."""
        match value:
            case LambdaInit():
                return value.to_text()
            case bool():
                return "on" if value else "off"
            case tuple():
                return ("-" if self.kind == "wholes" else "~").join(map(str, value)) or "none"
        return f"{value}"

    def from_text(self, text: str) -> Any:
        """The value of a link or of a field that people type in, to be checked yet.

        Raises:
            ValueError: It says none.
        """
        match self.kind:
            case "start":
                return LambdaInit.from_text(text)
            case "switch":
                if text not in ("on", "off"):
                    verb = "are" if self.title.endswith("s") else "is"
                    raise ValueError(f"the {self.title} {verb} on or off, not {text!r}")
                return text == "on"
            case "whole":
                return _number(text, int)
            case "number":
                return _number(text, float)
            case "wholes":
                return tuple(_number(part, int) for part in text.split("-"))
            case "names":
                return () if text == "none" else tuple(text.split("~"))
        return text

    def words(self, value: Any, config: Any) -> str:
        """A value as people read it, in a configuration that has it."""
        match value:
            case None:
                return self.unset.format(config=config)
            case int() if self.unit:
                return count_words(value, self.unit)
            case float():
                return f"{value:g}"
            case tuple():
                return ("-" if self.kind == "wholes" else ", ").join(map(str, value)) or "none"
        return self.to_text(value).replace("_", " ")

    def told(self, config: Any) -> str:
        """What it says of a configuration, in a few letters; empty for a switch that is as ever."""
        value = getattr(config, self.name)
        if self.kind == "switch" and value == self.default:
            return ""
        return self.tells.format(self.words(value, config), config=config)


def as_given(value: Any) -> str:
    """A value as people write it: "16, 0", not "(16, 0)"; "100", not "100.0"."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(as_given, value)) or "nothing"
    return repr(value).removesuffix(".0") if isinstance(value, float) else repr(value)


def row(default: T, *, title: str, url: str, **more: Any) -> T:
    """A field of a configuration, with what a `Setting` says of it."""
    made: T = field(default=default, metadata={"title": title, "url": url, **more})
    return made


def _number(text: str, kind: type[int] | type[float]) -> float:
    try:
        return kind(text)
    except ValueError:
        expected = "a whole number" if kind is int else "a number"
        raise ValueError(f"expected {expected}, got {text[:40]!r}") from None
