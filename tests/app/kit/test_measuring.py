"""Live measurements: their process, their report, and how they end."""

import json

import pytest

from afn.cost.plan import Plan
from afn.work.processes import identity
from app.kit.measuring import BusyError, Measurements
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def live(tmp_path):
    measurements = Measurements(tmp_path / ".measurements")
    yield measurements
    measurements.close()


def wait_for_the_end(live, measurement):
    wait_for(lambda: live.running != measurement, "the end of the measurement")
    return live.report(measurement)


def test_a_measurement_runs_in_a_process_and_its_report_is_read(live):
    plan = Plan(channels=(2,), sizes=(2,), batch_sizes=(2,), norms=("afn",), rounds=1)
    measurement = live.start(plan)
    report = wait_for_the_end(live, measurement)
    assert report.end["status"] == "finished"
    assert [m.norm for m in report.measurements] == ["bn", "afn"]
    assert report.head["command"] == plan.command()


def test_a_stopped_measurement_says_so_and_frees_the_place(live):
    plan = Plan(subjects=("resnet20",), norms=("afn",))
    measurement = live.start(plan)
    with pytest.raises(BusyError):
        live.start(plan)
    live.stop()
    end = wait_for_the_end(live, measurement).end
    assert (end["status"], end["reason"]) == ("stopped", "stopped by hand")
    live.close()
    assert live.running is None


def test_what_the_process_complained_of_is_the_reason(live):
    plan = Plan(channels=(1,), sizes=(1,), batch_sizes=(1,), norms=("afn",), rounds=1)
    end = wait_for_the_end(live, live.start(plan)).end
    assert end["status"] == "failed"
    assert "more than one value per channel" in end["reason"]


@pytest.mark.parametrize("name", ["../..", "../../etc/passwd", "/etc/passwd", "", "A", "x" * 99])
def test_a_name_that_is_none_reaches_nothing(live, name):
    with pytest.raises(ValueError, match="not the name of a measurement"):
        live.report(name)
    with pytest.raises(FileNotFoundError):
        live.report("gone")


def test_a_report_whose_process_is_gone_has_failed(live):
    live.folder.mkdir()
    path = live.folder / "old.jsonl"
    path.write_text("")
    assert live.report("old").end["status"] == "failed"
    head = {"kind": "head", "process": identity() | {"pid": 2**22 + 1}}
    path.write_text(json.dumps(head) + "\n")
    assert "restarted" in live.report("old").end["reason"]
    path.write_text(json.dumps({"kind": "head", "process": identity()}) + "\n")
    assert live.report("old").end is None
