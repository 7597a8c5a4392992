"""The class as the experiment: who trains what, and what is told of it."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from afn.engine.execution import execute
from afn.settings.config import TrainConfig
from app.kit.room import training
from app.kit.room.training import ClassNetworks, PhoneNetwork, RoomPart
from app.page.ablations import room as ablations
from app.page.ablations.ready_made import READY_MADE
from app.page.playground import room as comparisons

TINY = TrainConfig(
    dataset="digits8", widths=(4, 8), epochs=1, evals_per_epoch=0, eval_images=100,
    corruptions=("contrast",),
)  # fmt: skip
LINK = urlencode([("c", "afn"), ("c", "bn"), ("data", "digits8")])


def network(number, part, accuracy):
    return PhoneNetwork(number=number, part=part, share=1.0, is_over=True, accuracy=accuracy)


def test_a_network_that_has_ended_is_read_once(runs, monkeypatch):
    ids = []
    for norm in ("afn", "bn"):
        run = runs.create(replace(TINY, norm=norm), name=norm)
        list(execute(run))
        ids.append(run.id)
    waiting = runs.create(TINY, name="waits")
    ids.append(waiting.id)
    reads = ClassNetworks(lambda number, _: RoomPart(config=TINY, contender=number % 2, place=0))
    first = reads.read(ids)
    assert [each.is_over for each in first] == [True, True, False]
    assert first[0].accuracy is not None
    assert first[0].lambda_mu is not None
    assert first[1].lambda_mu is None
    monkeypatch.setattr(training.backend, "history", lambda run_id: pytest.fail(f"read {run_id}"))
    assert reads.read(ids[:2]) == first[:2]


def test_a_network_whose_server_ended_is_read_again_once_it_goes_on(runs):
    run = runs.create(TINY, name="x")
    assert run.claim()
    run.end("failed", "its server ended, and its process with it")
    reads = ClassNetworks(lambda number, _: RoomPart(config=TINY, contender=0, place=0))
    [lost] = reads.read([run.id])
    assert (lost.is_over, lost.accuracy) == (True, None)
    assert run.reopen(anew=True, restarted=True)
    list(execute(run))
    [done] = reads.read([run.id])
    assert done.accuracy is not None


def test_a_phone_keeps_its_number_where_another_run_was_deleted(runs):
    gone, there = (runs.create(replace(TINY, seed=seed), name="x") for seed in (0, 1))
    gone.delete()
    reads = ClassNetworks(lambda number, _: RoomPart(config=TINY, contender=0, place=number))
    [dot] = training.told(reads.read([gone.id, there.id]))["dots"]
    assert (dot["number"], dot["place"], dot["accuracy"]) == (1, 1, None)


def test_two_phones_share_a_seed_and_the_verdict_is_over_pairs():
    parts = [comparisons.part_of(LINK, number) for number in range(8)]
    assert [part.config.norm for part in parts[:4]] == ["afn", "bn", "afn", "bn"]
    assert [part.config.seed for part in parts[:4]] == [0, 0, 1, 1]
    found = [
        network(number, part, 90.0 - 5 * part.contender + number % 3 / 10)
        for number, part in enumerate(parts)
    ]
    assert comparisons.finding(LINK, False, found).right == 0
    assert comparisons.finding(LINK, False, found[:5]).right is None
    level = [replace(each, accuracy=90.0 + each.number * (-1) ** each.number) for each in found]
    assert comparisons.finding(LINK, False, level).right == 2


def test_starts_of_lambda_are_spread_over_the_class():
    script = comparisons.script_of(f"starts:{LINK}")
    assert [each.name for each in script.contenders] == ["AFN"]
    parts = [comparisons.part_of(f"starts:{LINK}", number) for number in range(20)]
    starts = [(script.places[part.place], part.config.seed) for part in parts]
    assert len(set(starts)) == 20
    assert {place for place, _ in starts[:2]} == {"0.05", "0.95"}  # the ends are compared
    assert parts[0].config.lambda_init.mu == pytest.approx(-2.944, abs=1e-3)
    found = [network(n, part, 60.0 + 5 * part.place + n % 2) for n, part in enumerate(parts)]
    assert comparisons.finding(f"starts:{LINK}", False, found).right == 1
    with pytest.raises(ValueError, match="no contender"):
        comparisons.script_of("starts:c=bn&data=digits8")


@pytest.mark.parametrize("name", READY_MADE)
def test_each_ablation_is_a_room_whose_cells_a_class_can_fill(name):
    script = ablations.script_of(name)
    columns = len(script.places or script.contenders)
    parts = [ablations.part_of(name, number) for number in range(30)]
    assert {part.place for part in parts} == set(range(columns))
    assert {part.contender for part in parts} == set(range(len(script.contenders)))
    assert len({part.config.run_id for part in parts}) == 30
    assert max(part.config.seed for part in parts) >= 1
    assert not script.polls[0].why or len(script.polls[0].why) == len(script.polls[0].options)
    found = ablations.finding(name, False, ())
    assert found.right in range(len(script.polls[0].options))
    assert "beforehand" in found.answer


def test_an_interval_stands_in_each_column_that_has_enough():
    parts = [RoomPart(config=replace(TINY, seed=n), contender=0, place=n // 3) for n in range(5)]
    found = training.told([network(n, part, 90.0 + n) for n, part in enumerate(parts)])
    [interval] = found["intervals"]
    assert (interval["place"], interval["mean"]) == (0, 91.0)
    assert interval["low"] < 90 < 92 < interval["high"]
