"""The shipped comparison is all there, and shows what it is to show."""

import numpy as np
from PIL import Image

from afn.runs.history import History
from app.kit.comparison import default_comparison, opening_comparison
from app.kit.demo import demo_of, recorded, twisted
from app.kit.folders import DEMO


def test_every_contender_is_recorded_to_its_end_with_its_pictures():
    assert len(recorded()) == 4
    for config in recorded():
        history = History.of(demo_of(config))
        assert history.num_steps == history.step == history.start["total_steps"]
        assert (history.probe_steps[0], history.probe_steps[-1]) == (0, history.step)
        shown = history.sheets[0]["step"], history.sheets[-1]["step"]
        assert shown == (0, history.step)
        for name in (history.probe_images["sheet"], *(each["file"] for each in history.sheets)):
            with Image.open(history.run.sheets_path / name) as picture:
                assert picture.getbbox() is not None
    names = {path.name for path in DEMO.iterdir()}
    assert names == {config.hash() for config in recorded()}
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) < 600_000


def test_bn_alone_cannot_read_pale_digits_until_it_has_the_test_batch():
    pale = {}
    for config in recorded():
        tests = History.of(demo_of(config)).latest_by_corruption(config.severity)
        assert tests[None]["accuracy"] > 0.94
        pale[config.norm, config.eval_stats] = tests["contrast"]["accuracy"]
    assert pale.pop(("bn", None)) < 0.4
    assert min(pale.values()) > 0.9


def test_lambda_is_recorded_whole():
    afn = History.of(demo_of(opening_comparison()[0]))
    moved = afn.lambdas[-1, 0]  # μ of the last layer
    assert np.ptp(moved) > 0.05
    steps = np.diff(np.sort(afn.lambdas[0, 3]))  # β's, which hardly moves
    assert len(np.unique(afn.lambdas[0, 3])) > 0.9 * afn.num_steps
    assert steps.max() < 1e-4


def test_the_twist_is_bns_alone_and_nothing_else_is_recorded():
    before, after = opening_comparison(), twisted(opening_comparison())
    assert before[:2] == after[:2]
    assert (before[2].eval_stats, after[2].eval_stats) == (None, "batch")
    assert [demo_of(config) for config in default_comparison()] == [None] * 3
