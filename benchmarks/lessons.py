"""How long each lesson's live experiment takes: ``python -m benchmarks.lessons [SLUG ...]``.

Each runs as the page runs it, in a fresh runs folder and with an empty data folder, its worker
warm as it is once a page was open. Times are of this machine; keep it quiet. With ``--keep`` what
comes out is laid into ``app/reference/lessons``, where the page finds the precomputed results, and
the figures to drag are made anew, in ``app/static/lesson_figure``. ``--figures`` makes these alone.
"""

import argparse
import os
import tempfile
import time
from typing import Any

from afn.cost.records import describe_machine
from afn.settings.config import TrainConfig
from app.kit import backend
from app.page.lessons.experiments.trial import REFERENCE, Outcome, Trial
from app.page.lessons.figure import keep
from app.page.lessons.lessons import LESSONS

TARGET_SECONDS = 30.0
_POLL = 0.1
_PATIENCE = 600.0


def main() -> None:
    """Print seconds beside what is asked for, and each answer."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("slug", nargs="*", help=f"{', '.join(LESSONS)} (default all)")
    options.add_argument("--keep", action="store_true", help="make the precomputed results anew")
    options.add_argument("--figures", action="store_true", help="make the figures to drag alone")
    given = options.parse_args()
    if unknown := [slug for slug in given.slug if slug not in LESSONS]:
        options.error(f"there is no lesson {unknown[0]!r}; known: {', '.join(LESSONS)}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AFN_RUNS_DIR"] = f"{folder}/runs"
        os.environ["AFN_DATA_DIR"] = f"{folder}/no-data"
        print(describe_machine())
        for slug in (given.slug or LESSONS) if given.figures or given.keep else ():
            path = keep(LESSONS[slug].figure(), slug)
            print(f"{slug}, figure: {path.stat().st_size / 1000:.0f} KB")
        if given.figures:
            return
        try:
            warm()
            for slug in given.slug or LESSONS:
                measure(slug, keeps=given.keep)
        finally:
            backend.measurements().close()
            while backend.measurements().running:
                time.sleep(_POLL)
            backend.runner().close()


def warm() -> None:
    """One short run to its end: the worker is there."""
    run = backend.store().create(TrainConfig(dataset="digits8", epochs=1, corruptions=()))
    backend.runner().submit([run])
    while run.state().status != "finished":
        time.sleep(_POLL)


def measure(slug: str, *, keeps: bool) -> None:
    """Run one experiment and say how long it took."""
    lesson = LESSONS[slug]
    trial: Trial[Any] = Trial(slug, lesson.experiment)
    began = time.monotonic()
    outcome = carried_out(trial)
    seconds = time.monotonic() - began
    verdict = "met" if seconds <= TARGET_SECONDS else "MISSED"
    print(f"\n{slug}: {seconds:.1f} s (asked: {TARGET_SECONDS:.0f} s)  {verdict}")
    data = lesson.experiment.read(outcome.record)
    found = lesson.answer(data)
    print(f"  {lesson.predictions[found.came_true]}. {found.told}")
    for chart in lesson.charts:
        print(f"  {chart.title}: {chart.read(data)}")
    if keeps:
        REFERENCE.mkdir(exist_ok=True)
        (trial.folder / "outcome.json").replace(REFERENCE / f"{slug}.json")


def carried_out(trial: Trial[Any]) -> Outcome:
    """Begin an experiment and wait for what comes out.

    Raises:
        RuntimeError: It ended without, or took far too long.
    """
    trial.begin()
    deadline = time.monotonic() + _PATIENCE
    while (job := trial.job()) and job.is_running:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{trial.name} does not get on: {job.told}")
        time.sleep(_POLL)
    if (outcome := trial.live) is None:
        raise RuntimeError(f"{trial.name} failed: {job.reason if job else 'no outcome'}")
    return outcome


if __name__ == "__main__":
    main()
