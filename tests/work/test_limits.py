"""What one person, and all, may have on a shared server; on one's own machine all of it."""

from dataclasses import replace

import pytest

from afn.ask.evaluation import EvaluationStore
from afn.work import limits
from afn.work.limits import LIMITS, Disk, OverLimitError, admit, admit_evaluation, use
from afn.work.queue import Queue
from tests.installed import ROOT


@pytest.fixture
def queue(store):
    return Queue(store.root, store.root / ".queue.jsonl")


@pytest.fixture
def disk(store):
    return Disk(store)


@pytest.fixture
def shared(monkeypatch):
    monkeypatch.setenv("AFN_SHARED", "1")

    def limit(**values):
        for name, value in values.items():
            monkeypatch.setenv(LIMITS[name].variable, f"{value}")

    return limit


@pytest.fixture
def submit(store, queue, disk, quick):
    def submit(owner=None, config=quick, *, count=1, behind=False):
        runs = [store.create(config, owner=owner) for _ in range(count)]
        admit(queue, runs, disk, behind=behind)
        (queue.add_behind if behind else queue.add)(runs)
        return runs

    return submit


def ended(store, quick, owner, created, megabytes=1):
    run = store.create(quick, run_id=f"run-{created}", owner=owner)
    (run.path / "checkpoints" / "step-00000001.safetensors").write_bytes(bytes(megabytes * 10**6))
    run.claim()
    run.end("finished")
    return run


def test_on_ones_own_machine_there_are_none(submit, quick, monkeypatch):
    monkeypatch.setenv("AFN_LIMIT_WAITING", "1")
    monkeypatch.setenv("AFN_LIMIT_MINUTES", "1")
    for _ in range(3):
        submit()
    assert {limit.value for limit in LIMITS.values()} == {float("inf")}


@pytest.mark.parametrize(
    ("name", "asked", "told"),
    [
        ("waiting", {}, "one person has 2 comparisons waiting at most, not 3: "),
        ("behind", {"behind": True}, "one person has 2 runs waiting at most, not 3: "),
    ],
)
def test_who_has_enough_waiting_waits_and_others_do_not(shared, submit, store, name, asked, told):
    shared(**{name: 2})
    for _ in range(2):
        submit("ann", **asked)
    with pytest.raises(OverLimitError, match=told):
        submit("ann", **asked)
    assert len(store.list()) == 2  # it left nothing
    submit("ben", **asked)


def test_all_together_have_a_limit_too(shared, submit):
    shared(waiting_all=2)
    submit("ann")
    submit("ben")
    with pytest.raises(OverLimitError, match="2 comparisons wait at most on this server, not 3"):
        submit("eve")


def test_a_thousand_at_once_are_one_line(shared, submit, store):
    with pytest.raises(OverLimitError, match="one person has 120 runs waiting at most, not 1,000"):
        submit("ann", count=1000, behind=True)
    assert store.list() == []


def test_what_is_gone_on_with_keeps_what_it_has_where_it_may_not_wait(shared, submit, store, quick):
    shared(waiting=0)
    run = store.create(quick, owner="ann")
    run.claim()
    run.events_path.write_text("{}\n")
    run.end("stopped")
    run.reopen(anew=True)
    queue = Queue(store.root, store.root / ".queue.jsonl")
    with pytest.raises(OverLimitError):
        admit(queue, [run], Disk(store))
    assert run.state().status == "stopped"
    assert "at most" in run.state().reason


def test_a_run_is_as_long_as_it_may_be(shared, submit, quick):
    shared(minutes=10, work=1)
    submit(config=replace(quick, max_seconds=600.0))
    with pytest.raises(OverLimitError, match="trains 10 minutes at most here, not 11:"):
        submit(config=replace(quick, max_seconds=660.0))
    long = replace(quick, max_seconds=600.0, epochs=200)
    with pytest.raises(OverLimitError, match=r"1 million channels × epochs × images at .* not 3:"):
        submit(config=long)
    assert limits.work_of(long) == 12 * 200 * 1437 / 1e6


def test_what_a_setting_of_the_environment_is_not_is_told(shared, submit):
    shared(waiting="many")
    with pytest.raises(OverLimitError, match="AFN_LIMIT_WAITING is a number, not 'many'"):
        submit()


def test_the_oldest_runs_that_are_not_pinned_go_first_and_say_so_before(
    shared, submit, store, disk, quick
):
    shared(disk=3.4)
    first, second, third = (ended(store, quick, "ann", i) for i in range(3))
    other = ended(store, quick, "ben", 3)
    first.pin(stays=True)
    assert disk.going("ann") == []
    fourth = ended(store, quick, "ann", 4)
    assert disk.going("ann") == [second.id]
    assert disk.going("ben") == []
    submit("ann")
    left = {run.id for run in store.list()}
    assert second.id not in left
    assert {run.id for run in (first, third, fourth, other)} < left
    first.pin(stays=False)
    assert not first.is_pinned


def test_what_cannot_go_is_told(shared, submit, store, quick):
    shared(disk=1.5)
    for i in range(2):
        ended(store, quick, "ann", i).pin(stays=True)
    with pytest.raises(OverLimitError, match="your runs may take 2 MB here, not 2: delete some"):
        submit("ann")
    submit("ben")


def test_who_has_how_much(shared, submit, store, queue, disk, quick):
    submit("ann")
    submit("ann", count=3, behind=True)
    ended(store, quick, "ben", 1)
    found = use(queue, disk)
    assert (found["ann"].waiting, found["ann"].behind) == (1, 3)
    assert found["ben"].disk == pytest.approx(1, rel=0.05)


def test_the_docs_tell_every_limit():
    text = (ROOT / "docs" / "app.md").read_text()
    rows = [f"| `{limit.variable}` | {limit.default:g} {limit.unit} |" for limit in LIMITS.values()]
    assert [row for row in rows if row not in text] == []


def test_who_asks_much_waits_and_others_do_not(shared, store):
    shared(asking=2)
    evaluations = EvaluationStore.beside(store)

    def asked(owner):
        evaluation = evaluations.create([], owner=owner)
        admit_evaluation(evaluation, evaluations)
        return evaluation

    first, second = asked("ann"), asked("ann")
    with pytest.raises(OverLimitError, match="has 2 evaluations at most at a time, not 3"):
        asked("ann")
    assert {each.id for each in evaluations.left()} == {first.id, second.id}
    asked("ben")
    first.claim()
    first.end("finished")
    asked("ann")
