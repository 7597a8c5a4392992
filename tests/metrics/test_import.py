"""Metrics of others' trainings: read from CSV and real event files, paired, judged, drawn."""

import json
import math
from statistics import fmean, stdev

import pytest
from torch.utils.tensorboard import SummaryWriter

from afn import import_metrics, import_runs
from afn.cli.main import main
from afn.metrics.drawing import paired_figure
from afn.metrics.over_methods import Metrics
from afn.metrics.reading import from_csv
from afn.runs.history import History
from afn.runs.index import RunIndex
from afn.stats.over_seeds import OverSeeds, t_quantile

WIDE = "seed,bn,afn\n0,70.1,71.3\n1,69.8,71.1\n2,70.3,71.2\n"
LONG = "Seed;method;value\n0;bn;70,1\n1;bn;69,8\n2;bn;70,3\n0;afn;71,3\n1;afn;71,1\n2;afn;71,2\n"


def test_wide_and_long_tables_are_the_same():
    wide, long = from_csv(WIDE), from_csv("\ufeff" + LONG)
    assert wide.methods == long.methods
    assert wide.methods["afn"].values == ((0, 71.3), (1, 71.1), (2, 71.2))


def test_a_difference_is_paired_by_seed_with_students_interval():
    table = WIDE.replace("0,70.1,71.3", "0,70.1,71.3\n7,60,\n5,,80")
    [found] = from_csv(table).against("bn")
    differences = [71.3 - 70.1, 71.1 - 69.8, 71.2 - 70.3]
    assert found.difference.seeds == (0, 1, 2)
    assert found.unpaired == 2
    assert found.difference.mean == pytest.approx(fmean(differences))
    half = t_quantile(2) * stdev(differences) / math.sqrt(3)
    assert found.difference.half_width == pytest.approx(half)
    assert found.verdict == "real"
    assert found.sentence == (
        "afn − bn: +1.13, 95 % interval +0.62 to +1.65, over 3 seeds. "
        "The difference is real: afn is above. 2 values without a partner left out."
    )


def judged(*differences):
    over = OverSeeds(tuple(enumerate([50.0] * len(differences))))
    way = OverSeeds(tuple(enumerate(50 + each for each in differences)))
    [found] = Metrics(metric="", methods={"bn": over, "afn": way}).against()
    return found


@pytest.mark.parametrize(
    ("differences", "verdict", "words"),
    [
        ((3.0, 3.1), "too few seeds", "No verdict: it takes 3 seeds"),
        ((5.0,), "too few seeds", "over 1 seed. No verdict"),
        ((-3.0, -3.1, -2.9), "real", "afn is below"),
        ((3.0, -3.0, 0.5), "not shown", "So many seeds see ±"),
        ((0.0, 0.0, 0.0), "not shown", "+"),
        ((2.0, 2.0, 2.0), "real", "the same for every seed"),
    ],
)
def test_there_is_a_verdict_from_three_seeds_on_and_by_the_interval(differences, verdict, words):
    found = judged(*differences)
    assert found.verdict == verdict
    assert words in found.sentence or not any(differences)
    json.dumps(found.to_json(), allow_nan=False)


def test_what_is_not_shown_says_what_would_be_seen_and_what_it_takes():
    found = judged(3.0, -1.0, 1.5, 0.2)
    assert found.verdict == "not shown"
    assert found.smallest_effect > abs(found.difference.mean)
    assert found.seeds_needed > 4
    assert f"takes {found.seeds_needed} seeds" in found.sentence


@pytest.mark.parametrize(
    ("table", "clue"),
    [
        ("", "the table is empty"),
        ("a,b\n1,2", "one column named seed, got a, b"),
        ("seed,bn\n0,1", "takes two methods, got bn"),
        ("seed,bn,bn\n0,1,2", "two columns are named bn"),
        ("seed,bn,afn\n0,1", "line 2 has 2 cells, the first has 3"),
        ("seed,bn,afn\n0,1,x", "line 2: afn must be a number, got 'x'"),
        ("seed,bn,afn\n0,1,nan", "leave the cell empty"),
        ("seed,bn,afn\n0.5,1,2", "seed must be a whole number"),
        ("seed,bn,afn\n0,1,2\n0,1,2", "line 3: seed 0 of bn is there twice"),
        ("seed,method,value\n0,,1", "line 2 names no method"),
        ("seed,method\n0,bn", "one column has the value, got none"),
        ("seed,method,metric,value\n0,a,acc,1\n0,b,loss,1", "name one of acc, loss"),
    ],
)
def test_a_table_that_cannot_be_is_one_line(table, clue):
    with pytest.raises(ValueError, match=clue) as error:
        from_csv(table)
    assert "\n" not in str(error.value)


def test_seeds_that_nothing_shares_cannot_be_paired():
    with pytest.raises(ValueError, match="no seed in common"):
        from_csv("seed,bn,afn\n0,1,\n1,,2").against()


@pytest.fixture
def folder(tmp_path):
    """Two methods of three seeds, as torch writes them; the last value counts."""
    for method, level in (("bn", 0.70), ("afn", 0.75)):
        for seed in range(3):
            for is_new, tag in ((False, "acc/test"), (True, "loss")):
                with SummaryWriter(tmp_path / "logs" / method / f"seed{seed}") as writer:
                    for step in range(5):
                        value = level + 0.01 * seed + 0.02 * step
                        writer.add_scalar(tag, value, step, new_style=is_new)
    return tmp_path / "logs"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_real_event_files_are_read_by_their_folders(folder, capsys):
    for metric in ("acc/test", "loss"):
        found = import_metrics(folder, metric=metric)
        assert list(found.methods) == ["afn", "bn"]
        expected = [0.70 + 0.08, 0.71 + 0.08, 0.72 + 0.08]
        assert [v for _, v in found.methods["bn"].values] == pytest.approx(expected)
    with pytest.raises(ValueError, match="several metrics: name one of acc/test, loss"):
        import_metrics(folder)
    main(["import", str(folder), "--metric=acc/test", "--baseline=bn", "--json"])
    *methods, pair = map(json.loads, capsys.readouterr().out.splitlines())
    assert [each["name"] for each in methods] == ["afn", "bn"]
    assert (pair["way"], pair["verdict"], pair["seeds"]) == ("afn", "real", [0, 1, 2])
    assert pair["difference"] == pytest.approx(0.05, abs=1e-6)
    (folder / "nameless").mkdir()
    SummaryWriter(folder / "nameless").close()
    with pytest.raises(ValueError, match="nameless: no seed in its path"):
        import_metrics(folder, metric="loss")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_event_files_become_runs_that_the_pages_draw(folder, store, capsys, monkeypatch):
    runs = import_runs(folder, store)
    assert [run.record()["name"] for run in runs] == [
        f"{way}/seed{seed}" for way in ("afn", "bn") for seed in range(3)
    ]
    history = History.of(runs[3])
    assert history.steps.tolist() == [0, 1, 2, 3, 4]
    assert history.columns["loss"] == pytest.approx([0.70, 0.72, 0.74, 0.76, 0.78])
    line = RunIndex(store).some([runs[3].id])[runs[3].id]
    assert (line.status, line.recording().kind_words) == ("finished", "imported from TensorBoard")
    logged = [event for event in runs[3].events()[0] if event["kind"] == "log"]
    assert [set(each["values"]) for each in logged] == [{"acc/test"}] * 5
    with pytest.raises(ValueError, match="has no configuration"):
        runs[3].config()
    monkeypatch.setenv("AFN_RUNS_DIR", str(store.root))
    main(["import", str(folder), "--runs", "--json"])
    assert capsys.readouterr().out.count('"kind": "run"') == 6
    assert len(store.list()) == 12


def test_a_folder_without_event_files_says_so(tmp_path):
    with pytest.raises(ValueError, match="holds no event files"):
        import_metrics(tmp_path)
    with pytest.raises(ValueError, match="holds no event files"):
        import_runs(tmp_path)


def test_the_figure_joins_seeds_and_shows_the_interval():
    metrics = from_csv(WIDE)
    [pair] = metrics.against("bn")
    *seeds, differences, mean, _ = [*paired_figure(metrics, [pair]).data, None]
    assert [tuple(trace.y) for trace in seeds] == [(70.1, 71.3), (69.8, 71.1), (70.3, 71.2)]
    assert list(differences.y) == [value for _, value in pair.difference.values]
    assert mean.error_y.array[0] == pytest.approx(pair.difference.half_width)


def test_the_command_says_means_verdict_and_draws(tmp_path, capsys):
    (tmp_path / "m.csv").write_text(WIDE)
    main(["import", str(tmp_path / "m.csv"), "--figure", str(tmp_path / "m.html")])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["bn", "afn", "afn", "drawn"]
    assert "The difference is real: afn is above." in lines[2]
    assert "mean and 95 % interval" in (tmp_path / "m.html").read_text()
    with pytest.raises(SystemExit):
        main(["import", str(tmp_path / "no.csv")])
    assert "expected metrics as CSV, or a folder, got no such file" in capsys.readouterr().err
