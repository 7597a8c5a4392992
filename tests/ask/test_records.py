import hashlib
import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from afn.ask.records import STANDARD, Cell, GridFile, Question, mean_corruption_error, places
from afn.settings.corruptions import RULE
from afn.stats.intervals import paired_interval, wilson_interval

QUESTION = Question(
    weights="ab" * 32, dataset="mnist5k", num_images=4, statistics="running", batch_size=128
)


def cell(answers, *, labels=b"\0\1\2\3", corruption="fog", severity=3, rule=None):
    return Cell(
        corruption=corruption, severity=severity, source="generated", loss=0.5,
        answers=answers, confidences=bytes(range(1, 1 + len(answers))), labels=labels,
        rule=rule,
    )  # fmt: skip


def errs(corruption, severity, num_wrong):
    """A cell of ten images with so many wrong answers."""
    return cell(
        bytes([1] * num_wrong + [0] * (10 - num_wrong)),
        labels=bytes(10), corruption=corruption, severity=severity,
    )  # fmt: skip


def test_a_cell_counts_and_brackets_its_right_answers():
    it = cell(b"\0\1\2\0")
    assert (it.n, it.correct, it.accuracy) == (4, 3, 0.75)
    assert it.hits.tolist() == [True, True, True, False]
    assert it.interval == wilson_interval(3, 4)


def test_a_cell_survives_its_record():
    it = cell(bytes(range(4)))
    assert Cell.from_json(json.loads(json.dumps(it.to_json()))) == it


@pytest.mark.parametrize(
    "change",
    [{"answers": "?"}, {"answers": None}, {"answers": ""}, {"labels": ""}, {"confidences": ""}],
)
def test_a_record_that_is_no_cell_is_refused(change):
    with pytest.raises(ValueError, match="cell of a grid"):
        Cell.from_json({**cell(b"\0\1\2\3").to_json(), **change})


def test_a_gain_is_paired_and_needs_the_same_images():
    ours, theirs = cell(b"\0\1\2\0"), cell(b"\0\0\0\3")
    gain, low, high = ours.gain_over(theirs)
    assert gain == 0.25
    assert (low, high) == paired_interval([True, True, True, False], [True, False, False, True])
    with pytest.raises(ValueError, match=r"same images, got 4 images, fog 3.*fog 4"):
        ours.gain_over(replace(theirs, severity=4))


def test_a_file_keeps_cells_and_skips_what_is_damaged(tmp_path):
    file = GridFile(tmp_path / "grids", QUESTION)
    assert file.cells() == {}
    kept = [cell(b"\0\1\2\3"), cell(b"\0\0\0\0", severity=4)]
    for each in kept:
        file.append(each)
    with file.path.open("a") as text:
        text.write('{"answers": 3}\nnonsense\n{"torn')
    assert file.cells() == {("fog", 3): kept[0], ("fog", 4): kept[1]}
    first = json.loads(file.path.read_text().splitlines()[0])
    assert Question(**first) == QUESTION


def test_what_was_kept_before_there_were_two_rules_is_of_the_first(tmp_path):
    old = {k: v for k, v in cell(b"\0\1\2\3").to_json().items() if k != "rule"}
    assert Cell.from_json(old).rule == 1
    assert Cell.from_json({**old, "source": "generated, in grey"}).rule == 1
    assert Cell.from_json({**old, "source": "CIFAR-10-C archive"}).rule is None
    assert Cell.from_json({**old, "corruption": None, "source": "clean"}).rule is None
    assert Cell.from_json(cell(b"\0\1\2\3", rule=RULE).to_json()).rule == RULE


def test_a_file_never_mixes_rules(tmp_path):
    file = GridFile(tmp_path, QUESTION)
    clean = replace(cell(b"\0\1\2\3", corruption=None, severity=0), source="clean")
    old = [cell(b"\0\1\2\3", severity=severity, rule=1) for severity in (1, 2)]
    for each in (clean, *old):
        file.append(each)
    assert dict(file.cells()) == {(None, 0): clean}
    assert dict(file.shown()) == {each.place: each for each in (clean, *old)}
    assert dict(file.outdated()) == {each.place: each for each in old}
    new = [cell(b"\0\1\2\0", severity=severity, rule=RULE) for severity in (2, 1)]
    file.append(new[0])  # fewer than of the older rule
    assert dict(file.cells()) == {(None, 0): clean, ("fog", 2): new[0]}
    assert dict(file.shown()) == {each.place: each for each in (clean, *old)}
    assert dict(file.outdated()) == {("fog", 1): old[0]}
    file.append(new[1])
    assert dict(file.shown()) == dict(file.cells()) == {c.place: c for c in (clean, *new)}
    assert dict(file.cells(1)) == {c.place: c for c in (clean, *old)}
    assert file.outdated() == {}
    # Of grey images rule 1 asked more: what leaves them as they are does not count.
    file.append(cell(b"\0\1\2\3", corruption="saturate", severity=3, rule=1))
    assert dict(file.shown()) == dict(file.cells())


def test_answers_under_two_rules_are_not_compared():
    ours, theirs = cell(b"\0\1\2\0", rule=RULE), cell(b"\0\1\2\0", rule=1)
    with pytest.raises(ValueError, match=r"same images, .*corrupted under rule 1 \(today's is 2\)"):
        ours.gain_over(theirs)
    with pytest.raises(ValueError, match="fog was corrupted under another rule in one grid"):
        mean_corruption_error([ours], [theirs])


def test_other_questions_have_other_files(tmp_path):
    changes = [
        {"weights": "cd" * 32}, {"dataset": "syn"}, {"num_images": 5}, {"batch_size": 64},
        {"statistics": "test batch of 128"}, {"order": "by label"}, {"networks": "off"},
        {"networks": "frozen"},
    ]  # fmt: skip
    keys = {replace(QUESTION, **change).key for change in [{}, *changes]}
    assert len(keys) == len(changes) + 1
    assert replace(QUESTION).key == QUESTION.key


def test_networks_as_they_were_told_of_old_are_the_same_question():
    old = {True: "on", False: "off"}
    for given, told in old.items():
        assert replace(QUESTION, networks=given).networks == told
        assert replace(QUESTION, networks=given).key == replace(QUESTION, networks=told).key
    # The name that a question had before networks could be frozen.
    values = asdict(replace(QUESTION, networks="off")) | {"networks": False}
    del values["classes"]
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert replace(QUESTION, networks="off").key == key
    with pytest.raises(ValueError, match='networks are "on", "off" or "frozen", got \'thawed\''):
        replace(QUESTION, networks="thawed")


def test_mean_corruption_error_against_numbers_worked_out_by_hand():
    ours = [errs("fog", 1, 1), errs("fog", 2, 2), errs("snow", 1, 6), errs("snow", 2, 6)]
    theirs = [errs("fog", 1, 2), errs("fog", 2, 4), errs("snow", 1, 4), errs("snow", 2, 4)]
    # fog: 3 / 6, snow: 12 / 8; clean cells and those of the extra four do not count
    extra = [errs("saturate", 1, 9), errs(None, 0, 9)]
    assert mean_corruption_error([*ours, *extra], [*theirs, *extra]) == pytest.approx(1.0)
    assert mean_corruption_error(theirs, theirs) == 1.0


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ([errs("fog", 1, 1)], [errs("snow", 1, 1)], "no standard corruption is in both"),
        ([errs("fog", 1, 1)], [errs("fog", 2, 1)], "fog has other severities"),
        ([errs("fog", 1, 1)], [errs("fog", 1, 0)], "the baseline makes no errors under fog"),
    ],
)
def test_what_no_mean_corruption_error_can_be_taken_of(ours, theirs, words):
    with pytest.raises(ValueError, match=words):
        mean_corruption_error(ours, theirs)


def test_integers_of_any_kind_make_a_question_and_its_places():
    asked = replace(QUESTION, num_images=np.int64(4), batch_size=np.uint8(128))
    assert (asked, asked.key) == (QUESTION, QUESTION.key)
    assert json.dumps(list(places([np.str_("fog")], np.array([5])))) == '[[null, 0], ["fog", 5]]'
    with pytest.raises(TypeError, match=r"^num_images must be a whole number, got True"):
        replace(QUESTION, num_images=True)
    with pytest.raises(TypeError, match=r"^severity must be an integer from 1 to 5, got 2\.0"):
        list(places(["fog"], [2.0]))


def test_places_come_clean_first():
    assert list(places(["fog", "snow"], [1, 5])) == [
        (None, 0), ("fog", 1), ("fog", 5), ("snow", 1), ("snow", 5),
    ]  # fmt: skip
    assert len(STANDARD) == 15


# -- paired intervals ------------------------------------------------------------------------------


def test_paired_interval_by_the_published_formula():
    # Agresti and Min 2005, table 1: 794 answer twice; 144 and 86 of them differ, 16 and 548 agree
    ours = [True] * (794 - 144) + [False] * 144
    theirs = [True] * (794 - 144 - 86) + [False] * 86 + [True] * 144
    low, high = paired_interval(ours, theirs)
    n, gained, lost = 796, 86.5, 144.5
    center = (gained - lost) / n
    half = 1.959964 * ((gained + lost) - (gained - lost) ** 2 / n) ** 0.5 / n
    assert (low, high) == (pytest.approx(center - half), pytest.approx(center + half))


def test_paired_interval_is_narrower_where_two_agree():
    right = [True] * 90 + [False] * 10
    low, high = paired_interval(right, right)
    assert low == -high
    assert 0 < high < 0.03
    shuffled = [False] * 10 + [True] * 90
    assert paired_interval(right, shuffled)[1] > 2 * high


def test_paired_interval_needs_pairs():
    with pytest.raises(ValueError, match="got 1 and 2"):
        paired_interval([True], [True, False])
    with pytest.raises(ValueError, match="got 0 and 0"):
        paired_interval([], [])
