"""``python -m afn verify card.json``: a protocol card's questions asked again."""

import argparse
import sys
from dataclasses import asdict
from typing import Any

from afn.cli.telling import Say


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("card", metavar="CARD.json", help="a protocol card")
    parser.add_argument(
        "--model", action="append", default=[], metavar="MODEL",
        help="FILE.py:FUNCTION, ARCHITECTURE:FILE.safetensors, a run or a pretrained model; "
        "NAME=MODEL where the card has several (default: found by its name)",
    )  # fmt: skip
    parser.add_argument(
        "--data", action="append", default=[], metavar="DATA",
        help="a folder CLASS/*, an archive .npz, a data set's name, or FILE.py:FUNCTION that "
        "returns a loader; NAME=DATA where the card has several (default: found by its name)",
    )  # fmt: skip


def run(options: argparse.Namespace, say: Say) -> None:
    """Say what differs; ends with status 1 where an answer does."""
    import torch

    from afn.ask.protocol import ProtocolCard
    from afn.ask.verifying import verify
    from afn.cli.terminal import is_terminal
    from afn.wording import count_words

    torch.set_num_threads(1)
    card = ProtocolCard.read(options.card)
    models, data = _by_name(options.model, "--model"), _by_name(options.data, "--data")
    found = verify(
        card,
        {test.model.name: _model(spec, test) for test in card.tests
         if (spec := models.get(test.model.name, models.get("")))},
        {test.images.dataset: _data(spec) for test in card.tests
         if (spec := data.get(test.images.dataset, data.get("")))},
        progress=not options.json and is_terminal(sys.stderr),
    )  # fmt: skip
    for change in found.changes:
        say(f"changed  {change}", {"kind": "change", **asdict(change)})
    for each in found.checked:
        record = {"kind": "answer", "is_same": each.is_same, **asdict(each)}
        say("" if each.is_same else f"differs  {each}", record)
    count, others = count_words(len(found.checked), "number"), len(found.different)
    line = f"{count} came out again, from the same answers" if found.is_same else (
        f"{others:,} of {count} came out otherwise"
    )  # fmt: skip
    say(line, {"kind": "verification", "is_same": found.is_same, "numbers": len(found.checked),
               "different": others})  # fmt: skip
    if not found.is_same:
        sys.exit(1)


def _by_name(given: list[str], option: str) -> dict[str, str]:
    """What is given, by whose it is; under "" what is for all."""
    found: dict[str, str] = {}
    for text in given:
        name, is_named, spec = text.partition("=")
        # An option of a model's own stands behind a comma: my.py:build,input=3x64x64
        key, spec = (name, spec) if is_named and "," not in name and ":" not in name else ("", text)
        if key in found:
            raise ValueError(f"{option}: {text!r} is a second one: say NAME=… for each")
        found[key] = spec
    return found


def _model(spec: str, test: Any) -> Any:
    """The name of one of ours; else a module, bare or behind what normalizes, as it was asked."""
    from afn.ask.reading import weights_digest
    from afn.own.building import own_model

    if ".py:" not in spec and not spec.partition(",")[0].endswith(".safetensors"):
        return spec

    made = own_model(spec, input=test.images.shape).model
    inner: Any = made.network
    is_wrapped = test.images.mean is None and weights_digest(inner) != test.model.weights
    return made if is_wrapped else inner


def _data(spec: str) -> Any:
    from pathlib import Path

    file, colon, function = spec.rpartition(":")
    if not (colon and file.endswith(".py")):
        return spec
    from afn.own.building import made_by

    return made_by(Path(file), function)
