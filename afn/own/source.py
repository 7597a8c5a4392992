"""How a model of one's own is named, and what is said with it. Needs no torch."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from afn.data.entries import shown

OPTIONS = ("name", "input", "classes", "mean", "std", "norm", "averages")
"""What may stand behind the source, as in ``my.py:build,input=3x64x64``."""
_OPTION = re.compile(rf",(?=(?:{'|'.join(OPTIONS)})=)")
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""As torchvision's and most of timm's networks expect."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSource:
    """Where a model comes from.

    Example:
        >>> from afn.own.source import Source
        >>> source = Source.read("my.py:build,input=3x64x64,classes=cat+dog")
        >>> source.kind, source.file.name, source.what
        ('function', 'my.py', 'build')
        >>> source.options
        {'input': '3x64x64', 'classes': 'cat+dog'}
    """

    kind: Literal["function", "weights"]
    file: Path
    """The Python file, or the safetensors file."""
    what: str
    """The function, or the architecture."""
    options: Mapping[str, str] = field(default_factory=dict)
    """As they were written."""

    @classmethod
    def read(cls, text: str) -> "ModelSource":
        """``FILE.py:FUNCTION`` or ``ARCHITECTURE:FILE.safetensors``, options behind commas.

        Raises:
            ValueError: It is neither.
        """
        plain, *given = _OPTION.split(text.strip())
        left, colon, right = plain.rpartition(":")
        options = dict(each.split("=", 1) for each in given)
        if not (colon and left and right):
            raise ValueError(_EXPECTED.format(got=shown(text)[:80]))
        if left.endswith(".py"):
            return cls(kind="function", file=Path(left), what=right, options=options)
        # timm:NAME:FILE says whose architecture is meant
        if right.endswith(".safetensors"):
            return cls(kind="weights", file=Path(right), what=left, options=options)
        if right.endswith((".pt", ".pth", ".bin", ".ckpt", ".pkl")):
            raise ValueError(
                f"{shown(right)}: opening such a file can run what is in it; take its weights out "
                f"once, with safetensors.torch.save_file(model.state_dict(), ...)"
            )
        raise ValueError(_EXPECTED.format(got=shown(text)[:80]))

    @property
    def name(self) -> str:
        """What it is called, here and in links."""
        if named := self.options.get("name"):
            return named
        plain = self.file.name
        return f"{plain}:{self.what}" if self.kind == "function" else f"{self.what}:{plain}"

    def file_digest(self) -> str:
        """SHA-256 of the file.

        Raises:
            ValueError: There is no such file; the line says so.
        """
        if not self.file.is_file():
            what = "a Python file" if self.kind == "function" else "a safetensors file"
            why = "a folder" if self.file.is_dir() else "no such file: check its name"
            raise ValueError(f"{shown(str(self.file))}: expected {what}, got {why}")
        with self.file.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def to_text(self) -> str:
        """The inverse of `read`, with the file's whole path."""
        file = str(self.file.absolute())
        plain = f"{file}:{self.what}" if self.kind == "function" else f"{self.what}:{file}"
        return plain + "".join(f",{name}={value}" for name, value in self.options.items())

    def said(self, **options: str) -> "ModelSource":
        """The same with other options; an empty one is left out."""
        kept = {**self.options, **options}
        return replace(self, options={name: value for name, value in kept.items() if value})


_EXPECTED = (
    "name a model as FILE.py:FUNCTION or ARCHITECTURE:FILE.safetensors, such as my.py:build or "
    "resnet18:weights.safetensors, got {got!r}"
)


def input_of(said: Any) -> tuple[int, int, int]:
    """(C, H, W) of "3x64x64", or of three numbers.

    Raises:
        ValueError: It is not that; images have 1 or 3 channels.
    """
    parts = re.split(r"[x×]", said) if isinstance(said, str) else said
    try:
        channels, height, width = (int(part) for part in parts)
    except (TypeError, ValueError):
        channels = height = width = 0
    if channels not in (1, 3) or min(height, width) < 1:
        raise ValueError(
            f"input is channels (1 or 3), height and width, such as 3x64x64, got {said!r}"
        )
    return channels, height, width


def channel_values(said: Any, channels: int, what: Literal["mean", "std"]) -> tuple[float, ...]:
    """Per channel, of "imagenet", "0.5", "0.5/0.4/0.3", a number or numbers.

    Raises:
        ValueError: They are not numbers, not as many, or a deviation that is not above 0.
    """
    if said == "imagenet":
        said = IMAGENET_MEAN if what == "mean" else IMAGENET_STD
    if isinstance(said, int | float):
        parts: list[Any] = [said]
    else:
        parts = said.split("/") if isinstance(said, str) else list(said)
    try:
        values = tuple(float(part) for part in parts)
    except (TypeError, ValueError):
        values = ()
    if len(values) == 1:
        values *= channels
    is_sound = all(-1e3 < value < 1e3 for value in values) and (
        what == "mean" or all(value > 0 for value in values)
    )
    if len(values) != channels or not is_sound:
        above = "" if what == "mean" else " above 0"
        raise ValueError(
            f"{what} is a number{above} for each of {channels} channels, on the scale [0, 1] of "
            f"images, such as 0.5 or 0.5/0.4/0.3, or imagenet; got {said!r}"
        )
    return values
