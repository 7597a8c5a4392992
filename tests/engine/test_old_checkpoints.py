"""Checkpoints from when λ were scalars and AFN did not count its batches go on bit for bit."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from afn.engine.execution import execute
from afn.engine.parameters import numbered_names
from afn.engine.training import Training
from afn.runs.fork import fork, place_of
from afn.settings.events import TIMES

pytestmark = pytest.mark.slow

STEP = 22


@pytest.fixture(params=["afn", "asrnorm"])
def config(request, quick):
    """Two epochs of 22 steps, a checkpoint behind each."""
    return replace(quick, norm=request.param, epochs=2, weight_decay=1e-3)


def told(events):
    """As recorded; the images that it is asked about, it names again wherever it begins."""
    records = [json.loads(event.to_line()) for event in events if event.kind != "probes"]
    return [{k: v for k, v in record.items() if k not in TIMES} for record in records]


def aged(path, config):
    """Rewrite a checkpoint as it was written then."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    names = numbered_names(Training(config).model, config)
    numbers = [number for number, name in enumerate(names) if name.endswith("_logit")]
    lambdas = {names[n] for n in numbers} | {f"optimizer/{n}/momentum_buffer" for n in numbers}
    tensors = load_file(path)
    assert lambdas < tensors.keys()
    old = {
        name: tensor.squeeze().clone() if name in lambdas else tensor
        for name, tensor in tensors.items()
        if not name.endswith("num_batches_tracked")
    }
    save_file(old, path, metadata=metadata)


def test_resuming(config, tmp_path):
    events = told(Training(config, tmp_path).events())
    first, last = sorted(tmp_path.glob("*.safetensors"))
    expected = load_file(last)
    aged(first, config)
    again = Training(config, tmp_path)
    again.restore(first)
    _, _, *rest = told(again.events())
    assert rest == events[-len(rest) :]
    found = load_file(last)
    for name, tensor in expected.items():
        if not name.endswith("num_batches_tracked"):
            torch.testing.assert_close(found[name], tensor, rtol=0, atol=0)


def test_forking(store, config):
    parent = store.create(config)
    events = told(execute(parent))
    aged(place_of(parent, STEP).path, config)
    made = fork(store, parent, step=STEP)
    start, *rest = told(execute(made))
    rest = [event for event in rest if event["step"] > STEP]
    assert start["forked_from"]["fresh"] == start["forked_from"]["dropped"] == []
    assert rest == events[-len(rest) :]
