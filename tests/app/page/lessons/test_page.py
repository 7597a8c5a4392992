"""Lessons: opened by their links, predicted, answered from data, checked, remembered; and run."""

import re
from functools import partial

import pytest

from app.kit import backend
from app.kit.jobs import Job
from app.kit.markdown import plain
from app.page.lessons import view as state
from app.page.lessons.experiments.experiment import Experiment
from app.page.lessons.experiments.trial import Trial
from app.page.lessons.lessons import LESSONS
from app.page.lessons.lessons.lesson import Check, Option, SeedsChart
from app.page.lessons.view import LessonsView
from tests.app.one_view import drawn, opened, text
from tests.app.page.lessons.test_lessons import answered, record_of

SLUGS = list(LESSONS)
page = partial(opened, "lessons")


def url_of(at):
    return {k: v[-1] if isinstance(v, list) else v for k, v in at.query_params.items()}


def press(at, key):
    at.button(key=key).click()
    return drawn(at.run())


# -- what a visitor sees ---------------------------------------------------------------------------


@pytest.mark.parametrize("slug", SLUGS)
def test_a_link_opens_a_lesson_with_its_precomputed_result(runs, slug):
    lesson, at = LESSONS[slug], page(lesson=slug, guess="?")
    assert at.title[0].value == lesson.title
    assert lesson.question.replace("\\", "") in text(at.markdown)
    [told] = [each.value for each in at.caption if each.value.startswith("**Precomputed**")]
    assert re.search(r"seeds? .*\d", told)
    assert "statistics" in told
    data = lesson.experiment.read(record_of(slug))
    of_seeds = [chart for chart in lesson.charts if isinstance(chart, SeedsChart)]
    others = [chart for chart in lesson.charts if chart not in of_seeds]
    for chart, drawing in zip(others, at.get("plotly_chart"), strict=True):
        assert chart.read(data) in drawing.proto.alt
    for chart in of_seeds:
        assert plain(chart.read(data)).replace("\\", "") in text(at.caption)
    found = lesson.answer(data)
    assert lesson.predictions[found.came_true] in text(at.info)
    assert not at.warning
    assert not at.error
    assert not runs.root.exists() or not list(runs.list())


def test_the_overview_shows_all_of_them(runs):
    at = page()
    assert at.title[0].value == "Lessons"
    links = [(link.proto.label, link.proto.query_string) for link in at.get("page_link")]
    assert links == [
        (f"{number}. {lesson.title}", f"lesson={slug}")
        for number, (slug, lesson) in enumerate(LESSONS.items(), start=1)
    ]
    assert f"0 of {len(LESSONS)} completed" in text(at.caption)


def test_a_prediction_is_held_against_the_answer_and_kept_in_the_link(runs):
    came_true = answered("axes", record_of("axes")).came_true
    wrong = (came_true + 1) % len(LESSONS["axes"].predictions)
    at = press(page(lesson="axes"), f"lessons.guess.{wrong}")
    assert url_of(at) == {"lesson": "axes", "guess": str(wrong)}
    assert f", not “{LESSONS['axes'].predictions[wrong]}”" in text(at.info)
    at = press(press(at, "lessons.again"), f"lessons.guess.{came_true}")
    assert "As you predicted" in text(at.success)
    reloaded = page(**url_of(at))
    assert "As you predicted" in text(reloaded.success)
    at = press(press(at, "lessons.again"), "lessons.guess.none")
    assert url_of(at)["guess"] == "?"
    assert "You made no prediction." in text(at.markdown)


def test_checks_explain_each_answer_and_complete_the_lesson(runs):
    slug = "networks"
    at = page(lesson=slug, guess="0")
    checks = LESSONS[slug].checks
    for number, check in enumerate(checks):
        wrong = next(i for i in range(len(check.options)) if i != check.right)
        for option in (wrong, check.right):
            drawn(at.radio[number].set_value(option).run())
            assert url_of(at)["check"].split("~")[number] == str(option)
            feedback = text(at.warning if option == wrong else at.success)
            assert check.options[option].feedback in feedback
    assert "**Lesson completed.**" in text(at.success)
    reloaded = page(**url_of(at))
    assert [radio.value for radio in reloaded.radio] == [check.right for check in checks]
    assert "**Lesson completed.**" in text(reloaded.success)


def test_the_visit_remembers_other_lessons(runs):
    rights = "~".join(str(check.right) for check in LESSONS["axes"].checks)
    at = page(lesson="axes", guess="2", check=rights)
    at.query_params.clear()
    drawn(at.run())
    assert f"1 of {len(LESSONS)} completed" in text(at.caption)
    at.query_params["lesson"] = "axes"
    drawn(at.run())
    assert url_of(at) == {"lesson": "axes", "guess": "2", "check": rights}
    at.query_params.clear()
    at = press(drawn(at.run()), "lessons.forget")
    assert f"0 of {len(LESSONS)} completed" in text(at.caption)
    at.query_params["lesson"] = "axes"
    drawn(at.run())
    assert url_of(at) == {"lesson": "axes"}


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ({"lesson": "nonsense"}, "In the link, lesson=nonsense: there is no such lesson"),
        ({"lesson": "axes", "guess": "9"}, "In the link, guess=9: its predictions are 0, 1, 2"),
        ({"lesson": "axes", "check": "0~9"}, "In the link, check=0~9: '9' is no answer"),
        ({"lesson": "axes", "check": "0~0~0"}, "In the link, check=0~0~0: it has 2 checks"),
        ({"lesson": "axes", "at": "22"}, "In the link, at=22: the places of its figure are 1 to"),
        ({"lesson": "axes", "at": "x"}, "In the link, at=x"),
    ],
)
def test_a_bad_link_says_one_line(runs, url, line):
    at = page(**url)
    [warning] = at.warning
    assert line in warning.value.replace("\\", "")
    assert "\n" not in warning.value


def test_links_and_views_are_inverse():
    view = LessonsView(lesson="axes", guess="1").answered(1, 0)
    url = view.to_url()
    assert url == {"lesson": "axes", "guess": "1", "check": "-~0"}
    assert state.from_url({name: [value] for name, value in url.items()}) == (view, [])
    assert not view.is_complete


def test_a_check_has_one_right_answer():
    with pytest.raises(ValueError, match="one option must be right"):
        Check("?", (Option("a", "no"), Option("b", "no")))


# -- running ---------------------------------------------------------------------------------------


def test_arithmetic_runs_at_once_and_says_that_it_is_live(runs):
    at = press(page(lesson="axes", guess="?"), "lessons.run")
    [told] = [each.value for each in at.caption if each.value.startswith("**Live**")]
    assert "seed 0" in told
    assert at.button(key="lessons.run").label == "Run it again"
    assert "Precomputed" not in text(at.caption)
    trial = Trial("axes", LESSONS["axes"].experiment)
    assert trial.live.record["per_channel"] == trial.precomputed.record["per_channel"]


@pytest.mark.parametrize("slug", ["small-lambda", "hidden-hero", "bounded"])
def test_what_waits_shows_the_precomputed_result_and_can_be_stopped(runs, slug):
    at = press(page(lesson=slug, guess="?"), "lessons.run")
    assert "**Precomputed**" in text(at.caption)
    at = press(at, "lessons.stop")
    drawn(at.run())
    assert "Not finished" in text(at.caption)
    assert at.button(key="lessons.run").label == "Go on"
    trial = Trial(slug, LESSONS[slug].experiment)
    assert not trial.job().is_running
    assert trial.live is None


class Paused(Experiment):
    """One that is as far as it is told."""

    share, runs = 0.0, True

    def config(self):
        return {"kind": "paused"}

    def begin(self, folder):
        self.runs = True
        return "work"

    def job(self, folder, work):
        return Job(share=self.share, told="", is_running=self.runs)

    def end(self, folder, work):
        self.runs = False

    record = read = conditions = None


def test_the_time_left_is_told_by_the_pace_since_it_went_on(runs, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("app.page.lessons.experiments.trial.time.time", lambda: clock[0])
    experiment = Paused()
    trial = Trial("axes", experiment)
    trial.begin()
    assert trial.seconds_left(0.0) is None
    clock[0] += 90
    assert trial.seconds_left(0.9) == pytest.approx(10)
    experiment.share = 0.9
    trial.end()
    assert not trial.job().is_running
    clock[0] += 10_000
    trial.begin()
    clock[0] += 5
    assert trial.seconds_left(0.95) == pytest.approx(5)  # not 95 s / 0.95 · 0.05
    assert trial.seconds() == pytest.approx(95)


def test_two_measurements_do_not_run_at_once(runs, monkeypatch):
    def busy(plan):
        from app.kit.measuring import BusyError

        raise BusyError("another measurement is running here; wait for it, or stop it")

    monkeypatch.setattr(backend.measurements(), "start", busy)
    at = press(page(lesson="price", guess="?"), "lessons.run")
    assert "another measurement is running here" in at.toast[0].value
    assert "**Precomputed**" in text(at.caption)


def test_without_what_came_along_the_page_says_so(runs, monkeypatch, tmp_path):
    monkeypatch.setattr("app.page.lessons.experiments.trial.REFERENCE", tmp_path)
    at = page(lesson="axes", guess="?")
    assert "The precomputed result is missing" in text(at.info)
    at = press(at, "lessons.run")
    assert "**Live**" in text(at.caption)
    for damage in ("{", '{"config": {}}'):
        (tmp_path / "networks.json").write_text(damage)
        assert "The precomputed result is missing" in text(page(lesson="networks", guess="?").info)


def test_the_lesson_says_how_to_embed_it(runs):
    at = page(lesson="axes")
    [frame] = [each.value for each in at.code if each.value.startswith("<iframe")]
    assert "?lesson=axes&amp;embed=true" in frame
    assert 'title="One mean for a channel' in frame
