"""Programs that ask trained networks, all questions in one call of `afn.answers`."""

from collections.abc import Mapping, Sequence
from typing import Any

from afn.settings.corruptions import CORRUPTION_NAMES

from .code import Origin, call, literal

_DEFAULTS = {"statistics": None, "networks": "on", "batch_size": 128}
_LOOP = """\
rows = []
for {name}, cell in found:
    rows.append((name, {where}, cell.accuracy))
    print(f"{{name}}  {{{where}}}  {{cell.accuracy:.4f}}")
"""


def found(**shared: Any) -> str:
    """The call: every question that is in ``questions``, with what they share."""
    code = {name: literal(value) for name, value in shared.items()}
    if set(shared.get("corruptions", ())) == set(CORRUPTION_NAMES):
        code["corruptions"] = "CORRUPTIONS"
    given = [f"{name}={value}" for name, value in code.items()]
    return f"found = {call('answers', ['questions', *given])}\n"


def loop(*, name: str = "name", **shared: Any) -> str:
    """The call, and a line and a row for each cell.

    A question's name is "name", or "(name, where)" where its place on the screen is no cell's.
    """
    where = "where" if "where" in name else "cell.where"
    return found(**shared) + _LOOP.format(name=name, where=where)


def question(network: str, **own: Any) -> str:
    """A question as a dictionary, less what is the default."""
    said = {"network": network}
    said |= {name: literal(value) for name, value in own.items() if value != _DEFAULTS[name]}
    return f"{{{', '.join(f'{literal(name)}: {value}' for name, value in said.items())}}}"


def options(
    num_images: int,
    batch_size: int,
    statistics: str | None = None,
    networks: str = "on",
    orders: Sequence[str] = ("mixed",),
) -> tuple[str, ...]:
    """Of a command that asks, less what is the default."""
    parts = ["--images", f"{num_images}", "--batch-size", f"{batch_size}"]
    parts += ["--stats", statistics] if statistics else []
    parts += [] if networks == "on" else ["--networks", networks]
    parts += [] if [*orders] == ["mixed"] else ["--order", *orders]
    return tuple(parts)


def networks(origins: Mapping[str, Origin]) -> tuple[dict[str, str], str]:
    """Python for each network by its id, and the lines that must come before."""
    names: dict[str, str] = {}
    lines = []
    for id_, origin in origins.items():
        names[id_] = origin.network()
        if origin.is_repeatable:
            norm = origin.config.norm if origin.config.norm.isidentifier() else "network"
            norm = {"in": "instance", "none": "plain"}.get(norm, norm)
            taken = [each for each in names.values() if each.rstrip("_0123456789") == norm]
            names[id_] = f"{norm}_{len(taken) + 1}" if taken else norm
            lines.append(f"{names[id_]} = {origin.source()}\n")
    return names, "".join(lines)
