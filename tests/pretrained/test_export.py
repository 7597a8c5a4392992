import gzip
import json
from itertools import pairwise

from afn.pretrained.export import FIRST_STEPS, STEPS, packed, thinned


def step(number, **values):
    return {"kind": "step", "step": number, "loss": 1.23456789, **values}


def test_long_runs_keep_their_first_steps_their_end_and_an_even_choice_between():
    kept = [event["step"] for event in thinned(step(n) for n in range(1, 10_001))]
    assert kept[:FIRST_STEPS] == list(range(1, FIRST_STEPS + 1))
    assert kept[-1] == 10_000
    assert len(kept) <= STEPS + FIRST_STEPS
    gaps = [b - a for a, b in pairwise(kept[FIRST_STEPS:])]
    assert max(gaps) - min(gaps) <= 1


def test_tests_and_snapshots_all_stay_and_figures_are_rounded():
    events = [
        {"kind": "start", "step": 0, "num_train": 123456, "lambdas": [[0.047425873, 0.5]]},
        {"kind": "samples", "step": 0, "images": {"clean": "data:"}},
        step(1, images_left=987654, lambdas=[[0.047425873]]),
        {"kind": "snapshot", "step": 1, "layers": [{"gamma": [1.0000001]}]},
        {"kind": "checkpoint", "step": 1, "file": "x"},
        {"kind": "evaluation", "step": 1, "correct": 98765, "corruption": None},
    ]
    assert thinned(events) == [
        {"kind": "start", "step": 0, "num_train": 123456, "lambdas": [[0.04743, 0.5]]},
        step(1, images_left=987654, lambdas=[[0.04743]]) | {"loss": 1.235},
        {"kind": "snapshot", "step": 1, "layers": [{"gamma": [1.0]}]},
        {"kind": "evaluation", "step": 1, "correct": 98765, "corruption": None},
    ]


def test_what_a_resumption_took_back_is_left_out():
    events = [step(1), step(2), step(3), {"kind": "resume", "step": 1}, step(2, again=1)]
    assert [(e["step"], "again" in e) for e in thinned(events)] == [(1, False), (2, True)]


def test_the_same_records_are_the_same_bytes():
    records = [{"λ": 0.5}, {"b": None}]
    assert packed(records) == packed(records)
    assert [json.loads(line) for line in gzip.decompress(packed(records)).splitlines()] == records
