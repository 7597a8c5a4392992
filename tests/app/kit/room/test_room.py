"""A class in a room: what it votes, who leads it, and that nothing of it is lost."""

import time

import pytest
from msgspec import structs

from app.kit.room import report
from app.kit.room.room import MOST, MOST_HANDED, Room, RoomError
from app.kit.room.script import Finding, Poll, RoomContender, Script, WhatIf

SCRIPT = Script(
    subject="lesson:none", title="<b>Why?</b>", minutes=10, aims=("Know why.",), setup="It runs.",
    polls=(
        Poll(question="How much?", options=("=little", "much")),
        Poll(question="Which?", options=("this", "that"), why=("right", "tempting"), right=0),
    ),
    link="lessons",
)  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return tmp_path / "K7QP.jsonl"


@pytest.fixture
def opened(path):
    return Room.open(path, "secret", SCRIPT)


def go(room, teacher, kind, poll=0):
    steps = [(step.kind, step.poll) for step in room.steps]
    room.go(teacher, steps.index((kind, poll)))


def test_votes_count_once_and_may_be_changed_until_they_are_shown(opened):
    room, teacher = opened
    ann, bob = room.join(), room.join()
    go(room, teacher, "vote")
    for phone, choice in ((ann, 0), (ann, 0), (bob, 0), (bob, 1)):
        room.vote(phone, 0, 0, choice)
    assert "counts" not in room.told()
    assert room.told()["answered"] == 2
    go(room, teacher, "shown")
    assert room.told()["counts"] == [[1, 1]]
    with pytest.raises(RoomError, match="closed"):
        room.vote(ann, 0, 0, 1)
    assert room.counts(0, 0) == [1, 1]


def test_the_second_vote_stands_beside_the_first_with_what_is_right(opened):
    room, teacher = opened
    phones = [room.join() for _ in range(3)]
    for kind, choice in (("vote", 1), ("again", 0)):
        go(room, teacher, kind, 1)
        for phone in phones:
            room.vote(phone, 1, int(kind == "again"), choice)
        if kind == "again":  # nobody sees how others vote
            assert room.told()["counts"] == [[0, 3]]
            assert "right" not in room.told()
    go(room, teacher, "answer", 1)
    told = room.told()
    assert (told["counts"], told["right"]) == ([[0, 3], [3, 0]], 0)
    assert told["shift"] == {"both": 3, "moved": 3, "righted": 3}


def test_a_class_that_trains_argues_about_its_prediction_first(path):
    contenders = (RoomContender(name="AFN", color="#000"),)
    room, teacher = Room.open(path, "secret", structs.replace(SCRIPT, contenders=contenders))
    kinds = [step.kind for step in room.steps if step.poll == 0]
    assert kinds == ["join", "vote", "shown", "again", "train", "answer", "end"]
    phones = [room.join() for _ in range(2)]
    for kind, choices in (("vote", (0, 1)), ("again", (1, 1))):
        go(room, teacher, kind)
        for phone, choice in zip(phones, choices, strict=True):
            room.vote(phone, 0, int(kind == "again"), choice)
    go(room, teacher, "train")
    assert room.told()["counts"] == [[1, 1], [0, 2]]
    go(room, teacher, "answer")
    assert room.told(0)["shift"] == {"both": 2, "moved": 1, "righted": 0}


def test_the_data_decide_which_prediction_came_true(opened):
    room, teacher = opened
    go(room, teacher, "experiment")
    assert "right" not in room.told(1)
    go(room, teacher, "answer")
    assert room.told(1)["right"] == 1
    assert room.told(None)["right"] is None


@pytest.mark.parametrize("token", ["", "x", "0123456789ab.0123", "é.é"])
def test_forged_votes_and_leaders_are_refused(opened, token):
    room, teacher = opened
    go(room, teacher, "vote")
    with pytest.raises(RoomError, match="not in the room"):
        room.vote(token, 0, 0, 0)
    for act in (lambda: room.go(token, 0), lambda: room.end(token), lambda: room.show(token, "")):
        with pytest.raises(RoomError, match="somebody else leads"):
            act()
    assert room.told()["answered"] == 0


def test_a_phone_of_another_room_is_nobody_here(opened, tmp_path):
    room, teacher = opened
    other, _ = Room.open(tmp_path / "AAAA.jsonl", "secret", SCRIPT)
    go(room, teacher, "vote")
    with pytest.raises(RoomError, match="not in the room"):
        room.vote(other.join(), 0, 0, 0)


def test_five_thousand_votes_count_and_are_found_again(opened, path):
    room, teacher = opened
    phones = [room.join() for _ in range(100)]
    go(room, teacher, "vote")
    began = time.perf_counter()
    for number in range(5000):
        room.vote(phones[number % 100], 0, 0, number // 100 % 2)
    assert time.perf_counter() - began < 30
    assert room.told()["answered"] == 100
    began = time.perf_counter()
    again = Room(path, "secret")
    assert time.perf_counter() - began < 5  # as long as a server may take to have it again
    assert again.counts(0, 0) == room.counts(0, 0) == [0, 100]


def test_a_server_that_comes_back_finds_the_class_as_it_was(path):
    contenders = (RoomContender(name="AFN", color="#000"),)
    room, teacher = Room.open(path, "secret", structs.replace(SCRIPT, contenders=contenders))
    phone = room.join()
    go(room, teacher, "train")
    assert room.train(phone, lambda number: f"run-{number}") == 0
    assert room.train(phone, lambda number: f"run-{number}") == 0  # pressed twice
    go(room, teacher, "vote")
    room.vote(phone, 0, 0, 1)
    with path.open("ab") as file:
        file.write(b'{"vote": "torn')  # it was killed
    again = Room(path, "secret")
    assert again.told() == room.told()
    assert again.trained == room.trained
    again.vote(phone, 0, 0, 0)
    go(again, teacher, "shown")
    assert again.told()["counts"] == [[1, 0]]
    assert Room(path, "secret").told() == again.told()


def test_what_students_tried_waits_until_the_teacher_shows_it_also_behind_a_restart(opened, path):
    room, teacher = opened
    ann, bob = room.join(), room.join()
    tries = [
        WhatIf(runs=(run,), networks=(RoomContender(name="AFN", color="#000"),), changes=("lr 1",))
        for run in ("a", "b", "c")
    ]
    handed = zip((ann, bob, ann, ann), (*tries, tries[2]), strict=True)
    assert [room.hand(phone, tried) for phone, tried in handed] == [1, 2, 1, 1]
    room.pull(teacher, 1)
    again = Room(path, "secret")
    assert list(again.handed.values()) == [tries[2], tries[1]]  # the later one in its place
    assert again.told() == room.told()
    assert again.told()["pulled"] == 1
    go(again, teacher, "vote")
    assert again.told()["pulled"] == 0
    for token, number in ((ann, 1), (teacher, 3), (teacher, -1)):
        with pytest.raises(RoomError, match=r"somebody else leads|there are 2"):
            again.pull(token, number)
    with pytest.raises(RoomError, match="not in the room"):
        again.hand("x", tries[0])
    again.end(teacher)
    with pytest.raises(RoomError, match="over"):
        again.hand(bob, tries[0])


def test_a_class_tries_only_so_much(opened):
    room, _ = opened
    tried = WhatIf(runs=("a",), networks=(), changes=())
    phones = [room.join() for _ in range(MOST_HANDED + 1)]
    for phone in phones[:-1]:
        room.hand(phone, tried)
    with pytest.raises(RoomError, match="no more find room"):
        room.hand(phones[-1], tried)
    assert room.hand(phones[0], tried) == 1


def test_after_its_end_nothing_happens_any_more(opened, monkeypatch):
    room, teacher = opened
    phone = room.join()
    go(room, teacher, "vote")
    late = time.time() + 7 * 3600
    with monkeypatch.context() as patch:
        patch.setattr("app.kit.room.room.time.time", lambda: late)
        assert room.told()["over"]
        with pytest.raises(RoomError, match="over"):
            room.vote(phone, 0, 0, 0)
    room.end(teacher)
    with pytest.raises(RoomError, match="over"):
        room.join()


def test_a_room_is_full_one_day(opened):
    room, _ = opened
    for _ in range(MOST):
        room.join()
    with pytest.raises(RoomError, match="full"):
        room.join()


@pytest.mark.parametrize("link", ["https://example.org", "//example.org", "/x", "javascript:1"])
def test_phones_follow_within_the_app_alone(opened, link):
    room, teacher = opened
    with pytest.raises(RoomError, match="this app alone"):
        room.show(teacher, link)
    room.show(teacher, "robustness?models=mnist5k-afn")
    assert room.told()["follow"] == "robustness?models=mnist5k-afn"


def test_the_report_counts_and_names_nobody(opened):
    room, teacher = opened
    phone = room.join()
    go(room, teacher, "vote")
    room.vote(phone, 0, 0, 0)
    found = Finding(share=1.0, told="here", right=1, answer="<i>much</i>")
    table = report.csv(room, found)
    assert table.splitlines()[1] == "0,How much?,0,'=little,0,1,0"
    assert table.splitlines()[2] == "0,How much?,1,much,1,0,0"
    page = report.page(room, found)
    assert "&lt;b&gt;Why?" in page
    assert "&lt;i&gt;much" in page
    assert "<b>" not in page
    assert phone.partition(".")[0] not in table + page
