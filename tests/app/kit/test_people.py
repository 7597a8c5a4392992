"""Who asks, and who may change what, without a browser."""

from __future__ import annotations

from http.cookies import SimpleCookie
from types import SimpleNamespace

import pytest
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from afn.runs.store import RunStore
from afn.work.secret import secret, server_key
from app.kit import belongings, people
from app.kit.people import Doorkeeper, Seal
from tests.app.conftest import SMALL
from tests.waiting import awaited

SECRET = "a secret of some length"


@pytest.fixture
def shared(runs: RunStore, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """The run store of a server that is shared."""
    monkeypatch.setenv("AFN_SHARED", "1")
    monkeypatch.setenv("AFN_SECRET", SECRET)
    secret.cache_clear()
    return runs


class Client:
    """A browser that keeps cookies; the server answers who it is."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, Headers]:
        """Status, text and headers."""
        path, _, query = path.partition("?")
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        asked = {"accept": "text/html,*/*", "cookie": kept, **headers}
        scope = {
            "type": "http", "method": method, "path": path, "query_string": query.encode(),
            "scheme": "http", "server": ("here", 80),
            "headers": [
                (name.replace("_", "-").encode(), value.encode()) for name, value in asked.items()
            ],
        }  # fmt: skip
        sent: list[dict] = []

        async def send(message):
            sent.append(message)

        awaited(Doorkeeper(_told)(scope, lambda: None, send))
        got = Headers(raw=sent[0]["headers"])
        for line in got.getlist("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return sent[0]["status"], sent[1]["body"].decode(), got


async def _told(scope, receive, send):
    seal = people._person()
    told = seal.open(Request(scope).cookies.get(seal.name))
    await PlainTextResponse(told)(scope, receive, send)


@pytest.fixture
def client(shared: RunStore) -> Client:
    return Client()


def asks(monkeypatch: pytest.MonkeyPatch, **cookies: str) -> None:
    """Have the script be asked by who has these cookies: by person or key."""
    seals = {"person": people._person(), "key": people._holder()}
    named = {seals[what].name: seals[what].close(value) for what, value in cookies.items()}
    monkeypatch.setattr(people.st, "context", SimpleNamespace(cookies=named))


# -- seals -----------------------------------------------------------------------------------------


@pytest.fixture
def seal() -> Seal:
    return Seal(SECRET, "person", 10)


def test_what_is_sealed_is_opened(seal):
    assert seal.open(seal.close("ann")) == "ann"


def _of_another(seal: Seal) -> str:
    return Seal("another secret", "person", 10).close("ann")


def _of_another_kind(seal: Seal) -> str:
    return Seal(SECRET, "key", 10).close("ann")


@pytest.mark.parametrize(
    "forged",
    [
        lambda seal: None,
        lambda seal: "",
        lambda seal: "ann",
        lambda seal: "..",
        lambda seal: "ann.é.\ud800",
        lambda seal: "x" * 5000,
        lambda seal: {"token": 1},
        lambda seal: seal.close("ann")[:-1],
        lambda seal: seal.close("ann").replace("ann", "ben"),
        _of_another,
        _of_another_kind,
    ],
)
def test_forged_foreign_and_torn_tokens_are_nobody(seal, forged):
    assert seal.open(forged(seal)) == ""


@pytest.mark.parametrize(
    ("days", "expected", "ages"),
    [(0.5, "ann", False), (9, "ann", True), (11, "", True), (-99, "ann", False)],
)
def test_a_token_ages_and_a_clock_that_is_set_back_takes_nothing(
    seal, monkeypatch, days, expected, ages
):
    token, then = seal.close("ann"), people.time.time()
    monkeypatch.setattr(people, "time", SimpleNamespace(time=lambda: then + 86_400 * days))
    assert seal.open(token) == expected
    assert seal.is_aging(token) is ages


def test_servers_on_one_host_do_not_take_each_others_cookies(seal):
    assert seal.name != Seal("another secret", "person", 10).name
    assert SECRET not in seal.name


# -- cookies ---------------------------------------------------------------------------------------


def test_a_browser_gets_one_cookie_and_keeps_it(client):
    told = client.ask("/")[2]["set-cookie"]
    for word in ("HttpOnly", "SameSite=lax", "Max-Age=34560000", "Path=/"):
        assert word in told
    assert "Secure" not in told
    _, person, headers = client.ask("/lessons")
    assert "set-cookie" not in headers
    assert len(person) == 16
    assert client.ask("/")[1] == person


def test_it_is_sent_back_over_https_alone_where_it_came_so(client):
    assert "Secure" in client.ask("/", x_forwarded_proto="https")[2]["set-cookie"]


def test_only_pages_bring_a_cookie(client):
    assert "set-cookie" not in client.ask("/_stcore/health", accept="*/*")[2]


def test_a_forged_cookie_is_replaced(client):
    name = people._person().name
    client.cookies[name] = "0123456789abcdef.awvf5g.NCrTNvDdR7Hgj-S41iO3Ijx50Og"
    _, person, _ = client.ask("/")
    assert person == ""
    assert "0123456789abcdef" not in client.cookies[name]


def test_an_aging_cookie_is_renewed_for_the_same_person(client, monkeypatch):
    client.ask("/")
    _, person, _ = client.ask("/")
    then = people.time.time()
    monkeypatch.setattr(people, "time", SimpleNamespace(time=lambda: then + 86_400 * 100))
    _, same, headers = client.ask("/")
    assert same == person
    assert person in headers["set-cookie"]


def test_a_server_of_ones_own_sets_no_cookie(client, monkeypatch):
    monkeypatch.delenv("AFN_SHARED")
    assert "set-cookie" not in client.ask("/")[2]


def test_the_key_leaves_the_address_and_a_wrong_one_opens_nothing(client, shared):
    key = server_key(shared.root)
    for given, opens in (("guess", False), ("é", False), (key, True)):
        status, _, headers = client.ask(f"/server?key={given}")
        assert (status, headers["location"]) == (303, "server")
        assert (people._holder().name in headers.get("set-cookie", "")) is opens
        assert key not in f"{headers}"


def test_a_browser_is_forgotten_by_its_own_page_alone(client):
    client.ask("/")
    _, person, _ = client.ask("/")
    client.ask("/forget-me", "POST")  # as a form on a foreign page would
    assert client.ask("/")[1] == person
    assert client.ask("/forget-me", "POST", x_afn="1")[0] == 204
    assert client.ask("/")[1] == ""


# -- permission ------------------------------------------------------------------------------------


def test_what_somebody_started_others_do_not_change(shared, monkeypatch):
    anns, nobodys = shared.create(SMALL, owner="ann"), shared.create(SMALL)
    asks(monkeypatch, person="ann")
    assert people.me() == "ann"
    assert people.may_change(anns, None)
    assert not people.may_change(anns, nobodys)
    assert people.why_not(anns, nobodys) == people.why_not() == {}
    asks(monkeypatch, person="ben")
    assert people.why_not(anns) == {
        "disabled": True, "help": "Started by somebody else: fork it."
    }  # fmt: skip
    with pytest.raises(PermissionError, match="it was started by somebody else"):
        people.require(anns)
    asks(monkeypatch, person="ben", key="holder")
    assert people.may_change(anns, nobodys)


def test_a_tab_without_cookies_is_who_it_was_and_nobody_by_a_forged_token(shared, monkeypatch):
    asks(monkeypatch)
    mine = people.in_session(people.Tab)
    first = people.me()
    mine.hear("forged")
    assert people.me() == first
    mine.hear(people._person().close("ann"))
    assert people.me() == "ann"
    asks(monkeypatch, person="ben")
    assert people.me() == "ben"  # a cookie goes before


def test_on_ones_own_machine_everybody_may_do_everything(runs, monkeypatch):
    monkeypatch.delenv("AFN_SHARED", raising=False)
    assert people.me() is None
    assert people.holds_key()
    assert people.may_change(runs.create(SMALL, owner="ann"))


def test_all_that_is_somebodys_goes_and_the_rest_stays(shared):
    anns, bens = shared.create(SMALL, owner="ann"), shared.create(SMALL, owner="ben")
    for run in (anns, bens):
        run.claim()
        run.end("finished")
    assert len(belongings.backend.index().lines()) == 2
    for name, owner in (("one", "ann"), ("two", "ben")):
        folder = belongings.backend.experiments() / name
        folder.mkdir(parents=True)
        (folder / "outcome.json").write_text(f'{{"owner": "{owner}"}}')
    belongings.delete("ann")
    assert [run.id for run in shared.list()] == [bens.id]
    assert [path.name for path in belongings.backend.experiments().iterdir()] == ["two"]
    assert not any("ann" in path.read_text() for path in shared.root.rglob("*.json*"))
