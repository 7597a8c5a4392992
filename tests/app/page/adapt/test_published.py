"""The protocol's section: errors here beside those in print, in figures and in words."""

from functools import cache

import pytest

from afn.adapt.protocol import PUBLISHED_LEVELS
from afn.pretrained.streamed import StreamAnswer, StreamResults
from afn.pretrained.streams import PROTOCOL_WAYS, protocol_asks
from afn.settings.corruptions import RULE
from app.page.adapt import published

LEVELS = {"running": 0.45, "batch": 0.55, "tent": 0.57, "afn": 0.56, "frozen": 0.56}


@cache
def made(seeds: int = 3) -> StreamResults:
    return StreamResults(
        StreamAnswer(
            model=ask.model, seed=seed, method=str(ask.method), plan=ask.plan, rule=RULE,
            weights="0" * 64, n=1000, correct=round(1000 * (LEVELS[way] + 0.01 * seed)),
            collapsed=None,
        )
        for way in PROTOCOL_WAYS
        for ask in protocol_asks(way)
        for seed in range(seeds)
    )  # fmt: skip


def test_errors_stand_beside_those_in_print():
    rows = published.protocol_rows(made())
    assert [row.error for row in rows] == pytest.approx([54, 44, 42, 43, 43])
    there, here = published.protocol_figure(rows).data
    assert list(here.x) == pytest.approx([54, 44, 42, 43, 43])
    assert list(there.x) == [each.mean for each in PUBLISHED_LEVELS]
    assert all(row.half_width > 1 for row in rows)
    words = published.protocol_reading(rows)
    assert "to the test batch −10.0 ± " in words
    assert "here, −23.1 in print; from there to TENT −2.0 ±" in words
    assert published.lacking_words(rows) == ""


def test_fewer_than_three_trainings_are_no_figure():
    assert published.protocol_rows(made(2)) == ()
    assert "python -m afn pretrained adapt" in published.lacking_words(())


def test_its_table_has_every_training_and_corruption():
    rows = published.protocol_table(made())
    assert len(rows) == 5 * 15 * 3
    noise = next(row for row in rows if row["contender"] == "TENT")
    assert noise["published_error_percent"] == PUBLISHED_LEVELS[2].errors[0] == 24.8
    assert noise["error_percent"] == pytest.approx(43)
