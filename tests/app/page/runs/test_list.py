"""The Runs page under AppTest: what it lists, and what can be done with what is selected."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from afn.engine.execution import execute
from afn.runs.index import RunIndex
from tests.app.one_view import drawn, text
from tests.app.playground import CONFIG, finished, standing
from tests.waiting import PATIENCE


def runs_app():
    import streamlit as st

    from app.kit import routes
    from app.kit.view import here
    from app.page.playground import page as playground
    from app.page.runs import page as runs

    home = st.Page(playground.render, title="Playground", url_path="playground")
    first = st.Page(runs.render, title="Runs", url_path="runs", default=True)
    routes.know({"playground": home, "dynamics": home, "inside": home})
    page = st.navigation([first, home])
    here().path = page.url_path
    page.run()


def runs_page(*selected):
    """The Runs page, with these rows selected."""
    at = AppTest.from_function(runs_app, default_timeout=PATIENCE)
    drawn(at.run())
    if selected:
        at.session_state[at.dataframe[0].key] = {
            "selection": {"rows": list(selected), "columns": [], "cells": []}
        }
        drawn(at.run())
    return at


def table(at):
    return at.dataframe[0].value.to_dict("records")


def labelled(elements, label):
    [found] = [element for element in elements if element.label == label]
    return found


def test_an_empty_store_points_to_the_playground(runs):
    at = runs_page()
    assert "No runs yet" in text(at.markdown)
    assert not at.dataframe


def test_runs_are_listed_newest_first_with_what_they_were(runs):
    waiting = runs.create(replace(CONFIG, norm="bn", lr=0.2))
    done = finished(runs, CONFIG, name="mine")
    failed = runs.create(CONFIG)
    failed.end("failed", "its process was killed")
    rows = table(runs_page())
    assert [row["run"] for row in rows] == [failed.id, done.id, waiting.id]
    row = {row["run"]: row for row in rows}
    assert row[done.id]["name"] == "mine"
    assert row[done.id]["test accuracy"] == done.state().summary["accuracy"]
    assert (row[waiting.id]["status"], row[waiting.id]["norm"]) == ("waiting", "BN")
    assert row[waiting.id]["lr"] == 0.2
    assert row[failed.id]["reason"] == "its process was killed"


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"config": {"norm": "vgg"}}', '{"config": {}, "created": "noon"}']
)
def test_a_damaged_run_is_listed_beside_the_others_and_can_be_selected(runs, content):
    damaged, sound = runs.create(CONFIG), runs.create(CONFIG)
    (damaged.path / "config.json").write_text(content)
    row = [line.id for line in RunIndex(runs).lines()].index(damaged.id)
    at = runs_page(row)
    assert {row["run"] for row in table(at)} == {damaged.id, sound.id}
    assert len(at.error) <= 1


def test_a_run_is_renamed(runs):
    run = runs.create(CONFIG, name="old")
    at = runs_page(0)
    drawn(at.text_input(key=f"rename.{run.id}").set_value("λ wide open").run())
    assert run.record()["name"] == "λ wide open"
    assert table(at)[0]["name"] == "λ wide open"


def test_the_files_of_a_run_are_offered_once_they_are_there(runs):
    def offered(at):
        return {button.label: not button.disabled for button in at.get("download_button")}

    runs.create(CONFIG)
    assert offered(runs_page(0)) == {
        "Configuration (JSON)": True, "Events (JSON lines)": True, "Weights (safetensors)": False,
    }  # fmt: skip
    list(execute(runs.list()[0]))
    assert offered(runs_page(0))["Weights (safetensors)"]


def test_what_is_selected_is_deleted_and_the_rest_stays(runs):
    kept, *_ = [runs.create(CONFIG), finished(runs, CONFIG), runs.create(CONFIG)]
    at = runs_page(0, 1)  # newest first
    drawn(labelled(at.button, "Delete for good").click().run())
    assert [run.id for run in runs.list()] == [kept.id]
    assert [row["run"] for row in table(at)] == [kept.id]


def test_runs_are_compared_in_the_playground(runs):
    made = [finished(runs, replace(CONFIG, norm=norm)) for norm in ("gn", "ln")]
    at = runs_page(0, 1)
    drawn(labelled(at.button, "Open side by side").click().run())
    assert set(at.query_params["run"].split("~")) == {run.id for run in made}
    assert set(standing(at)) == {("GN", "finished"), ("LN", "finished")}


def test_at_most_four_runs_are_compared(runs):
    for _ in range(5):
        runs.create(CONFIG)
    at = runs_page(*range(5))
    assert labelled(at.button, "Open side by side").disabled
    assert "Up to 4 runs fit side by side; 5 are selected." in text(at.caption)


def test_nothing_selected_offers_nothing(runs):
    runs.create(CONFIG)
    at = runs_page()
    assert labelled(at.button, "Open").disabled
    assert [each.label for each in at.text_input] == ["Search"]
