"""What a page says of itself: in its order, in place of what it said before, made when wanted."""

from app.kit.handout.button import document_of
from app.kit.handout.parts import Piece, Words
from app.kit.handout.screen import Screen


def words(*texts: str) -> list[Piece]:
    return [Words(markdown=text) for text in texts]


def test_a_part_that_is_drawn_again_takes_its_own_place():
    screen = Screen()
    screen.begin("λ")
    screen.say(*words("first"))
    place = screen.place()
    screen.say(*words("last"))
    for texts in (("a", "b"), ("c",)):
        with screen.within(place):
            for part in words(*texts):
                screen.say(part)
    assert screen.parts() == words("first", "c", "last")


def test_a_part_that_ends_early_leaves_the_rest_where_it_was():
    screen = Screen()
    screen.begin("λ")
    place = screen.place()
    try:
        with screen.within(place):
            screen.say(*words("inner"))
            raise KeyError
    except KeyError:
        screen.say(*words("outer"))
    assert screen.parts() == words("inner", "outer")


def test_another_page_begins_anew():
    screen = Screen()
    screen.begin("λ")
    screen.say(*words("old"))
    screen.stands_for("One", {"a": "1"}, list)
    screen.begin("Cost")
    assert screen.is_empty
    assert (screen.title, screen.query, screen.configs) == ("Cost", None, {})


def test_what_stands_for_the_page_is_made_when_it_is_wanted():
    screen, asked = Screen(), []

    def parts() -> list[Piece]:
        asked.append(1)
        return words("whole")

    screen.begin("Lessons")
    screen.say(*words("drawn"))
    screen.stands_for("The hidden hero", {"lesson": "hidden-hero"}, parts)
    assert not screen.is_empty
    assert not asked
    assert screen.parts() == words("whole")


def test_settings_are_those_of_the_link_by_their_titles():
    screen = Screen()
    screen.begin("Playground")
    screen.say(*words("x"))
    made = document_of(screen, "http://h/?lr=0.1&corruptions=contrast&corruptions=fog&odd=1")
    assert made.settings["Learning rate"] == "0.1"
    assert made.settings["Corruptions"] == "contrast, fog"
    assert made.settings["odd"] == "1"
    assert made.link.startswith("http://h/")
