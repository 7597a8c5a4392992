"""Questions to trained networks, all in one call."""

import pytest

from afn import answers, as_tested, corruption_grid, find, load
from afn.ask.domains import Row, domain_matrix
from afn.data import load_dataset

BN, AFN = "mnist5k-bn", "mnist5k-afn"


def test_a_grid_is_what_corruption_grid_gives():
    asked = {"num_images": 60, "batch_size": 16, "order": "by label"}
    over = {"corruptions": ["fog", "shot_noise"], "severities": [1, 5]}
    found = list(answers({"it": {"network": AFN, "networks": "frozen"}}, **asked, **over))
    model = as_tested(load(find(AFN)), networks="frozen")
    grid = list(corruption_grid(model, load_dataset("mnist5k"), **asked, **over))
    assert found == [("it", cell) for cell in grid]
    assert [cell.where for _, cell in found] == [
        "clean", "fog 1", "fog 5", "shot_noise 1", "shot_noise 5",
    ]  # fmt: skip


def test_domains_are_what_domain_matrix_gives():
    names = ["mnist5k", "digits8", "mnistm5k"]
    found = answers(
        {(way, name): {"dataset": name, "statistics": way}
         for name in names for way in ("running", "batch")},
        network=BN, num_images=50, batch_size=8,
    )  # fmt: skip
    source = find(BN)
    rows = {
        way: Row(
            model=as_tested(load(source), way),
            image_shape=(28, 28, 1),
            class_names=tuple("0123456789"),
            statistics=way,
        )
        for way in ("running", "batch")
    }
    domains = map(load_dataset, names)
    matrix = domain_matrix(rows, list(domains), num_images=50, batch_size=8)
    assert list(found) == [
        ((each.model, each.question.dataset), each.cell) for each in matrix
    ]  # fmt: skip


def test_each_question_has_its_own_and_what_is_shared():
    questions = {
        ("mixed", 2): {"batch_size": 2},
        ("by label", 2): {"batch_size": 2, "order": "by label"},
        ("mixed", 50): {"batch_size": 50},
    }
    shared = {"network": BN, "statistics": "batch", "num_images": 50, "order": "mixed"}
    found = dict(answers(questions, **shared))
    assert list(found) == list(questions)
    assert len({cell.loss for cell in found.values()}) == 3
    [(_, alone)] = answers({0: shared | questions["by label", 2]})
    assert alone == found["by label", 2]


def test_clean_images_can_be_left_out():
    [(_, cell)] = answers(
        {"it": {"network": BN}}, num_images=20, corruptions=["fog"], severities=[3], clean=False
    )
    assert cell.place == ("fog", 3)


def test_all_test_images_are_asked_about_by_default():
    [(_, cell)] = answers({"it": {"network": BN}}, dataset="digits8")
    assert cell.n == len(load_dataset("digits8").y_test)


def test_what_changes_no_image_is_left_out():
    found = answers({"it": {"network": BN}}, num_images=9, corruptions=["saturate"])
    assert [cell.where for _, cell in found] == ["clean"]


@pytest.mark.parametrize(
    ("question", "kind", "told"),
    [
        ({"stats": "batch"}, TypeError, r"^a question has network, dataset, .*, got stats$"),
        ({"network": "nobody"}, FileNotFoundError, "afn runs"),
        ({"num_images": 0}, ValueError, "at least 1, got 0"),
        ({"order": "by size"}, ValueError, "order must be one of mixed, .* got 'by size'"),
        ({"corruptions": ["mist"]}, ValueError, "unknown corruption 'mist'; known are"),
        ({"corruptions": ["fog"], "severities": [6]}, ValueError, "from 1 to 5, got 6"),
        ({"severities": [2.5], "corruptions": ["fog"]}, TypeError, "an integer from 1 to 5"),
        ({"networks": "off"}, ValueError, "no layer|networks"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_line(question, kind, told):
    with pytest.raises(kind, match=told) as found:
        list(answers({"it": {"network": BN, "num_images": 9} | question}))
    assert "\n" not in str(found.value)


def test_all_questions_are_checked_before_the_first_is_answered():
    with pytest.raises(ValueError, match="the question 'second' names no network"):
        next(answers({"first": {"network": BN}, "second": {}}))
