"""Reports as files: what is read back, and what is left aside."""

import json

import pytest

from afn.cost.plan import Case
from afn.cost.records import Measurement, Report

ONE = Measurement(
    case=Case(subject="layer", channels=16, size=8, batch_size=4),
    norm="afn", statistics="running", parameters=541, macs=1024, train_step_ms=2.0,
    inference_ms=1.0, train_ratio=1.25, inference_ratio=1.0, peak_bytes=4096, rounds=30,
)  # fmt: skip


def written(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return Report.read(path)


def test_a_measurement_survives_json():
    record = json.loads(json.dumps(ONE.to_json()))
    assert record["subject"] == "layer"
    assert Measurement.from_json(record | {"kind": "measurement", "news": 1}) == ONE


@pytest.mark.parametrize(
    "damage",
    [
        {"norm": "vgg"},
        {"train_step_ms": "fast"},
        {"train_step_ms": None},
        {"peak_bytes": -1},
        {"rounds": True},
        {"size": 0},
        {"subject": "house"},
    ],
)
def test_a_damaged_measurement_is_refused_and_skipped_in_a_file(tmp_path, damage):
    record = {"kind": "measurement", **ONE.to_json()}
    with pytest.raises(ValueError, match=r"must be|unknown|not a measurement: Expected"):
        Measurement.from_json(record | damage)
    report = written(tmp_path / "r.jsonl", record | damage, record)
    assert report.measurements == (ONE,)


def test_a_missing_value_is_named():
    record = ONE.to_json()
    del record["macs"]
    with pytest.raises(ValueError, match="macs"):
        Measurement.from_json(record)


def test_a_report_is_read_as_far_as_it_is_written(tmp_path):
    path = tmp_path / "r.jsonl"
    report = Report.read(path)
    assert (report.head, report.measurements, report.share, report.end) == ({}, (), 0.0, None)
    head = {"kind": "head", "machine": "this one"}
    steps = [{"kind": "progress", "share": share} for share in (0.25, "x", 0.5, 0.4, 1e9)]
    report = written(path, head, *steps[:4])
    assert (report.head, report.share, report.end) == (head, 0.5, None)
    report = written(path, *steps, end := {"kind": "end", "status": "finished"})
    assert (report.share, report.end) == (1.0, end)
    path.write_text('{"kind": "head", "mach')
    assert Report.read(path).head == {}
