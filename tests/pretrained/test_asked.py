"""What the source asks and what was found: its rules, its commands, and the copy in docs."""

import shlex

import pytest

from afn.cli.main import _parser, main
from afn.pretrained.asked import ASKED, markdown, settled, table_of
from afn.pretrained.cards import pretrained_dir
from afn.pretrained.gains import Gain
from afn.pretrained.measured import Results
from afn.pretrained.plan import chosen
from afn.pretrained.published import TABLES
from afn.pretrained.replication import replicated
from afn.stats.over_seeds import OverSeeds
from tests.installed import ROOT
from tests.pretrained.accuracies import answer


def found(rows):
    results = Results(rows)
    return table_of(results, {table.name: replicated(results, table) for table in TABLES})


def gain(*values, image_error=0.0):
    zeros = OverSeeds.of(dict.fromkeys(range(len(values)), 0.0))
    return Gain.of(OverSeeds.of(dict(enumerate(values))), zeros, image_error)


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (None, "not yet"),
        (gain(5.0, 5.0), "too few seeds"),
        (gain(2.0, 2.1, 1.9), "holds"),
        (gain(-2.0, -2.1, -1.9), "the other way round"),
        (gain(0.3, 0.31, 0.29), "holds, by less than 0.5 points"),
        (gain(0.1, -0.1, 0.0), "worth less than 0.5 points"),
        (gain(0.1, -0.1, 0.0, image_error=0.3), "open; ±0.9 would have been seen"),
    ],
)
def test_what_settles_a_question(measured, expected):
    assert settled(measured) == expected


def test_what_is_not_trained_says_so_with_its_command():
    rows = found([])
    assert all(row.verdict.startswith(("not yet", "not measured yet")) for row in rows)
    for asked, row in zip(ASKED, rows[-len(ASKED) :], strict=True):
        assert (row.held, row.command) == (asked.held, asked.command)


def test_a_comparison_that_is_not_through_is_interim():
    asked = next(each for each in ASKED if "the same, frozen" in each.held)
    rows = [
        answer(ask, way, seed, 60.0 + 2 * (way is asked.sides[0]), n=1_000_000)
        for way in asked.sides
        for seed in range(3)
        for ask in asked.tests
    ]
    row = next(each for each in found(rows) if each.held == asked.held)
    assert row.figure == "+2.0 (+1.9 to +2.1)"
    assert (row.seeds, row.verdict) == ("3 of 8", "holds, interim")
    assert row.command == asked.command
    assert "25,000 of 50,000" in row.where


@pytest.mark.parametrize("asked", ASKED, ids=lambda each: f"{each.held}, {each.where}")
def test_every_command_trains_what_its_row_asks(asked):
    words = shlex.split(asked.command)[3:]
    _parser().parse_args(words)
    specs = chosen(words[2:])
    stems = {way.stem(ask) for way in asked.sides for ask in asked.tests}
    assert stems <= {spec.stem for spec in specs}
    assert asked.planned() >= 3
    tests = {(spec.stem, domain) for spec in specs for domain in spec.domains}
    assert {(way.stem(ask), ask.data) for way in asked.sides for ask in asked.tests} <= tests


@pytest.mark.parametrize("asked", ASKED, ids=lambda each: f"{each.held}, {each.where}")
def test_every_row_fills_itself_once_its_results_are_there(asked):
    levels = {True: 62.0, False: 60.0}
    rows = [
        answer(ask, way, seed, levels[way is asked.sides[0]], n=1_000_000)
        for way in asked.sides
        for seed in range(3)
        for ask in asked.tests
    ]
    row = found(rows)[ASKED.index(asked) - len(ASKED)]
    assert (row.held, row.gain.n, row.gain.mean) == (asked.held, 3, pytest.approx(2.0))
    done = asked.planned() == 3
    assert row.verdict == ("holds" if done else "holds, interim")
    assert row.command == ("" if done else asked.command)
    few = found([each for each in rows if each["seed"] != "2"])[ASKED.index(asked) - len(ASKED)]
    assert (few.verdict, few.command) == ("too few seeds", asked.command)


def test_documented_commands_are_those_of_the_rows():
    told = (ROOT / "docs" / "experiments.md").read_text()
    for asked in ASKED:
        assert f"Command: `{asked.command} --jobs 2`." in told


def test_equal_commands_stand_once():
    lines = markdown(found([]))
    commands = [asked.command for asked in ASKED]
    turns = sum(a != b for a, b in zip(["", *commands], commands, strict=False))
    assert sum(line.count("python -m afn") for line in lines) == turns


def test_the_docs_have_what_the_command_prints(capsys):
    main(["pretrained", "tables", "asked"])
    printed = capsys.readouterr().out.strip()
    told = (ROOT / "docs" / "pretrained.md").read_text()
    table = told.partition("<!-- asked -->")[2].partition("<!-- /asked -->")[0].strip()
    assert table == printed, "python -m afn pretrained tables asked --into docs/pretrained.md"


def test_the_table_is_put_between_its_marks(tmp_path, capsys):
    file = tmp_path / "notes.md"
    file.write_text("before\n<!-- asked -->\nold\n<!-- /asked -->\nbehind\n")
    command = ["pretrained", "tables", "asked", "--into", str(file)]
    for _ in range(2):
        main(command)
        printed = capsys.readouterr().out.strip()
        assert file.read_text() == (f"before\n<!-- asked -->\n{printed}\n<!-- /asked -->\nbehind\n")
    file.write_text("nothing\n")
    with pytest.raises(SystemExit):
        main(command)
    assert "has no <!-- asked -->" in capsys.readouterr().err
    assert file.read_text() == "nothing\n"


def test_digits_in_grey_that_are_shipped_answer_three_of_the_questions():
    results = Results.read(pretrained_dir())
    rows = table_of(results, {table.name: replicated(results, table) for table in TABLES})
    places = "ConvNet from MNIST in grey"
    from_mnist = [row for row in rows if row.where.startswith(places) and row.section != 6]
    assert [row.gain.n for row in from_mnist] == [3, 3, 3]
    told = markdown(rows)
    assert all(any(row.held in line and row.figure in line for line in told) for row in from_mnist)
