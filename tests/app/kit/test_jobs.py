"""Asking for evaluations: started where something is not known, given up, stopped, gone on with.

No worker executes them here; the tests make the files that are waited for themselves.
"""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from afn.adapt.plan import AdaptMethod, StreamPlan
from afn.adapt.task import StreamTask
from afn.ask.pictures import PicturesFile
from afn.ask.sources import network_of
from afn.ask.tasks import PicturesTask
from afn.runs.store import RunStore
from afn.work.runner import LocalRunner
from app.kit import backend, jobs
from app.kit.jobs import Job
from tests.waiting import PATIENCE


@pytest.fixture
def sent(tmp_path, monkeypatch):
    """What the worker is told to execute."""
    evaluations = []
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setattr(LocalRunner, "start", lambda self: None)
    monkeypatch.setattr(LocalRunner, "evaluate", lambda self, each: evaluations.append(each))
    monkeypatch.setattr(jobs, "_SHORT_SECONDS", 0.0)
    st.cache_resource.clear()
    yield evaluations
    st.cache_resource.clear()


@pytest.fixture
def task(tmp_path):
    def make(corruption):
        file = PicturesFile(folder=tmp_path, dataset="digits8", num_images=9, corruption=corruption)
        return PicturesTask(file=file)

    return make


def asking_app():
    import streamlit as st

    from app.kit import jobs

    def ask_now():
        session = st.session_state
        return (jobs.ask("part", session["tasks"], starts=session["starts"]),)

    def draw(asked):
        st.session_state["asked"] = asked
        jobs.show("part", asked)

    jobs.part(ask_now, draw)


def page(*tasks, starts=True):
    at = AppTest.from_function(asking_app, default_timeout=PATIENCE)
    at.session_state["tasks"], at.session_state["starts"] = tasks, starts
    return drawn(at.run())


def drawn(at):
    assert not at.exception, [error.message for error in at.exception]
    return at


def asked(at):
    return at.session_state["asked"]


def make(task):
    task.file.path.touch()


def press(at, label):
    [button] = [button for button in at.button if button.label == label]
    button.click()
    return drawn(at.run())


def test_what_is_known_costs_nothing(sent, task):
    make(task("fog"))
    at = page(task("fog"))
    assert asked(at) == Job(share=1.0, told="1 of 1 picture", is_running=False)
    assert asked(at).is_done
    assert not sent
    assert not backend.evaluations().root.exists()


def test_a_look_starts_nothing(sent, task):
    make(task("fog"))
    at = page(task("fog"), task("frost"), starts=False)
    assert (asked(at).told, asked(at).is_running) == ("1 of 2 pictures", False)
    assert not sent
    assert not at.button


def test_what_is_missing_is_evaluated_once_and_then_known(sent, task):
    make(task("fog"))
    at = page(task("fog"), *(tasks := [task(each) for each in ("frost", "snow", "contrast")]))
    [evaluation] = sent
    assert evaluation.tasks() == tasks
    assert asked(at).is_running
    make(task("frost"))
    drawn(at.run())
    assert sent == [evaluation]
    assert (asked(at).told, asked(at).seconds_left) == ("2 of 4 pictures", None), "one was slow"
    make(task("snow"))
    drawn(at.run())
    assert (asked(at).told, asked(at).seconds_left > 0) == ("3 of 4 pictures", True)
    make(task("contrast"))
    assert asked(drawn(at.run())) == Job(share=1.0, told="4 of 4 pictures", is_running=False)


def test_progress_counts_what_there_is_most_of(sent, task, tmp_path):
    network = network_of("mnist5k-bn", RunStore(tmp_path / "runs"))
    plan = StreamPlan(images=40, batch_size=4)
    ways = [
        StreamTask(network=network, dataset="mnist5k", plan=plan, method=AdaptMethod(way))
        for way in ("running", "batch")
    ]
    assert jobs._counted([task("fog"), task("frost"), *ways], [task("fog")]) == (
        "20 of 20 batches", "1 of 2 pictures are missing",
    )  # fmt: skip
    at = page(task("fog"), *ways)
    assert asked(at).told == "0 of 20 batches"


def test_other_tasks_end_what_ran(sent, task):
    at = page(task("fog"))
    at.session_state["tasks"] = [task("frost")]
    drawn(at.run())
    first, second = sent
    assert first.state().status == "stopped"
    assert second.tasks() == [task("frost")]
    make(task("frost"))
    assert asked(drawn(at.run())).is_done


def test_progress_is_shown_with_a_button_that_stops_it(sent, task):
    make(task("fog"))
    at = page(task("fog"), task("frost"))
    [progress] = at.get("progress")
    assert (progress.proto.value, progress.proto.text) == (50, "1 of 2 pictures")
    at = press(at, "Stop")
    assert sent[0].state().status == "stopped"
    assert not asked(at).is_running
    assert at.caption[0].value == "1 of 2 pictures are missing: stopped before it began."
    at = press(at, "Go on")
    assert len(sent) == 2
    assert asked(at).is_running


def test_what_is_over_soon_shows_no_progress(sent, task, monkeypatch):
    monkeypatch.setattr(jobs, "_SHORT_SECONDS", PATIENCE)
    at = page(task("fog"))
    assert not at.get("progress")
    assert not at.button


def test_what_could_not_be_had_is_one_line_each(sent, task):
    at = page(task("fog"))
    assert sent[0].claim()
    sent[0].end("finished", summary={"problems": ["no *data*", "no [weights]"]})
    drawn(at.run())
    assert [warning.value for warning in at.warning] == [r"no \*data\*.", r"no \[weights\]."]
    assert "some of it could not be had" in at.caption[0].value
    assert len(sent) == 1


def test_a_worker_that_dies_is_told(sent, task):
    at = page(task("fog"))
    sent[0].claim()
    sent[0].end("failed", "its process was killed (signal 9)")
    drawn(at.run())
    assert "missing: its process was killed (signal 9)." in at.caption[0].value
    assert [button.label for button in at.button] == ["Go on"]


@pytest.mark.parametrize("where", ["create", "evaluate"])
def test_what_cannot_be_started_is_one_line(sent, task, monkeypatch, where):
    def fail(*_, **_of_whom):
        raise OSError("the disk is *full*")

    owner = LocalRunner if where == "evaluate" else type(backend.evaluations())
    monkeypatch.setattr(owner, where, fail)
    at = page(task("fog"))
    [error] = at.error
    assert error.value == r"the disk is \*full\*."


def test_a_section_whose_settings_change_keeps_the_first_word_of_a_failure(sent, task, monkeypatch):
    """A failure inside the part, after the page was drawn, does not break the page."""
    make(task("fog"))
    at = page(task("fog"))
    monkeypatch.setattr(jobs, "undone", lambda tasks: (_ for _ in ()).throw(OSError("gone")))
    drawn(at.run())
    assert at.error[0].value == "gone."
