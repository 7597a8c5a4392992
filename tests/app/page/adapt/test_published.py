"""The protocol's section: errors here beside those in print, in figures and in words."""

from functools import cache

import numpy as np
import pytest

from afn.adapt.protocol import PUBLISHED_LEVELS
from afn.pretrained.cards import pretrained_dir
from afn.pretrained.export import sha256
from afn.pretrained.streamed import StreamAnswer, StreamResults
from afn.pretrained.streams import (
    PROTOCOL_WAYS,
    STREAM_ABLATIONS,
    STREAM_MODELS,
    STREAM_SEEDS,
    protocol_asks,
)
from afn.settings.corruptions import RULE
from app.page.ablations.on_streams import results_of
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


def test_what_comes_along_is_whole():
    results = StreamResults.read(pretrained_dir())
    rows = published.protocol_rows(results)
    assert [row.way for row in rows] == list(PROTOCOL_WAYS)
    for name, ablation in STREAM_ABLATIONS.items():
        sweep = results_of(ablation, results)
        assert sweep.points == list(ablation.arms), name
        figures = sweep.figures(sweep.metrics["corrupted"])
        assert {each.seeds for each in figures.values()} == {(0, 1, 2)}, name
        point, asks = list(ablation.arms.items())[-1]
        mine = [results.of(ask)[0] for ask in asks if ask.plan.corruption]
        expected = np.mean([100 * each.correct / each.n for each in mine])
        assert figures[point].values[0][1] == pytest.approx(expected)
    named = {(each.model, each.seed, each.weights) for each in results.answers}
    assert len(named) == len(STREAM_MODELS) * len(STREAM_SEEDS)
    for model, seed, weights in named:
        name = f"{model}-s{seed}" if seed else model
        assert sha256((pretrained_dir() / f"{name}.safetensors").read_bytes()) == weights
