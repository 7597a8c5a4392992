"""What students tried on the Playground, and handed in."""

from dataclasses import replace

import pytest

from afn.engine.execution import execute
from afn.settings.config import TrainConfig
from app.kit.room.room import RoomError
from app.kit.room.what_ifs import WhatIfs, what_if

BEGAN = "?c=afn&c=bn&data=digits8&widths=4-8&epochs=1&corruptions=contrast"
TINY = TrainConfig(
    dataset="digits8", widths=(4, 8), epochs=1, corruptions=("contrast",), evals_per_epoch=0,
    eval_images=100,
)  # fmt: skip


@pytest.fixture
def pair(runs):
    return [runs.create(replace(TINY, norm=norm, lr=0.1), name=norm) for norm in ("afn", "bn")]


def test_it_says_what_it_changes_and_what_its_networks_reach(pair):
    tried = what_if("~".join(run.id for run in pair), BEGAN, None)
    assert [each.name for each in tried.networks] == ["AFN", "BN"]
    assert tried.changes == ("lr 0.1", "test images 100", "tests per epoch 0")
    reads = WhatIfs()
    alone = what_if(pair[1].id, BEGAN, None)
    [both, second] = reads.told({"ann": tried, "bob": alone})
    assert (both["number"], second["number"]) == (1, 2)
    assert [each["accuracy"] for each in both["networks"]] == [None, None]
    for run in pair:
        list(execute(run))
    [both, second] = reads.told({"ann": tried, "bob": alone})
    tested = [run.events()[0] for run in pair]
    reached = [
        next(each["accuracy"] for each in reversed(events) if each.get("corruption") == "contrast")
        for events in tested
    ]
    expected = [round(100 * each, 1) for each in reached]
    assert [each["accuracy"] for each in both["networks"]] == expected
    assert [each["accuracy"] for each in second["networks"]] == expected[1:]
    assert second["networks"][0]["name"] == "BN"


def test_of_what_was_deleted_nothing_is_shown(pair):
    tried = what_if("~".join(run.id for run in pair), "", None)
    pair[0].delete()
    [left] = WhatIfs().told({"ann": tried})
    assert [each["name"] for each in left["networks"]] == ["BN"]
    pair[1].delete()
    [left] = WhatIfs().told({"ann": tried})
    assert left["networks"] == []


def test_nobody_hands_in_what_somebody_else_started(runs):
    mine, theirs = (runs.create(TINY, name="x", owner=owner) for owner in ("ann", "bob"))
    assert what_if(f"-~{mine.id}", BEGAN, "ann").runs == (mine.id,)
    with pytest.raises(RoomError, match="somebody else started"):
        what_if(f"{mine.id}~{theirs.id}", BEGAN, "ann")
