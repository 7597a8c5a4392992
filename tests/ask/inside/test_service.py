"""Asking another process, here a thread, about a layer."""

import os
import threading

import pytest

from afn.ask.inside.bench import Bench
from afn.ask.inside.look import Look
from afn.work import inspector as service
from afn.work.inspector import Inspector, serve


@pytest.fixture
def inspector():
    """An inspector and the threads that it has started, each with its own lifeline."""
    read, write = os.pipe()
    started = []

    def start(address):
        started.append(threading.Thread(target=serve, args=(address, read)))
        started[-1].start()

    asked = Inspector(start)
    yield asked, started, write
    asked.close()
    for thread in started:
        thread.join(10)
        assert not thread.is_alive()


def test_answers_are_those_of_the_bench(inspector, asks):
    asked, started, _ = inspector
    look = asks("afn", lambdas={"mu": 0.5})
    assert asked.look(look) == Bench().look(look)
    assert asked.neighbours(look) == Bench().neighbours(look)
    assert len(started) == 1


def test_a_refusal_is_one_line_and_loses_nothing(inspector, asks):
    asked, started, _ = inspector
    with pytest.raises(ValueError, match=r"^the network has no layer 'nope'"):
        asked.look(asks("afn", layer="nope"))
    assert asked.look(asks("afn"))["norm"] == "afn"
    assert len(started) == 1


def test_one_that_was_idle_for_long_ends_and_another_is_started(inspector, asks, monkeypatch):
    monkeypatch.setattr(service, "IDLE_SECONDS", 0.1)
    asked, started, _ = inspector
    asked.look(asks("bn"))
    started[0].join(10)
    assert not started[0].is_alive()
    monkeypatch.setattr(service, "IDLE_SECONDS", 60)
    assert asked.look(asks("bn"))["norm"] == "bn"
    assert len(started) == 2


def test_it_ends_with_its_parent(inspector, asks):
    asked, started, write = inspector
    asked.look(asks("bn"))
    os.close(write)
    started[0].join(10)
    assert not started[0].is_alive()


def test_one_that_does_not_start_is_said(monkeypatch, asks):
    monkeypatch.setattr(service, "_START_SECONDS", 0.05)
    with pytest.raises(OSError, match="the process that looks into layers"):
        Inspector(lambda address: None).look(asks("bn"))


def test_a_look_survives_its_journey(asks, network):
    look = asks("afn", picture=bytes(range(256)), lambdas={"mu": 0.1}, others=(network("bn"),))
    assert Look.from_json(look.to_json()) == look


def test_unknown_lambdas_are_refused(asks):
    with pytest.raises(ValueError, match="mu, sigma, gamma, beta, got nu"):
        asks("afn", lambdas={"nu": 0.1})
