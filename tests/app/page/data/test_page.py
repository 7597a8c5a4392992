"""The page of one's own data under AppTest: dropped, seen, added to, taught, deleted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from afn.data.own.reading import Readings, UploadReading, read
from afn.data.own.store import OwnSet, OwnSets
from afn.runs.store import RunStore
from afn.work.folder import write_json
from app.kit import backend, belongings, people
from app.page.data import view
from app.page.data.view import comparison_for, why
from tests.app.one_view import drawn, html, opened, words
from tests.data.own.conftest import file_of, picture, pictures, zipped

ZIP = zipped(pictures("cats", "<b>狗", each=10))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads are read in this process, before the page goes on."""

    def start(self: Readings, uploads, *, class_name="", base="", owner=None) -> UploadReading:
        folder = self._root / ".upload-0"
        folder.mkdir(parents=True, exist_ok=True)
        for number, upload in enumerate(uploads):
            (folder / str(number)).write_bytes(upload.getbuffer())
        names = [upload.name for upload in uploads]
        manifest = {"names": names, "class_name": class_name, "base": base, "owner": owner}
        write_json(folder / "manifest.json", manifest)
        try:
            return UploadReading(made=read(folder))
        except ValueError as error:
            return UploadReading(error=f"{error}")

    monkeypatch.setattr(Readings, "start", start)


def drop(at: AppTest, data: bytes, name: str = "pictures.zip") -> AppTest:
    return drawn(at.file_uploader[1].set_value((name, data, "application/zip")).run())


def press(at: AppTest, label: str) -> AppTest:
    return drawn(next(each for each in at.button if each.label == label).click().run())


def only_set(runs: RunStore) -> OwnSet:
    (found,) = OwnSets(runs.root).list()
    return found


def test_a_zip_becomes_a_contact_sheet_and_the_address_names_it(runs: RunStore) -> None:
    at = drop(opened("data"), ZIP)
    found = only_set(runs)
    assert found.name in at.query_params["set"]
    sheet = html(at)
    assert sheet.count("<figure") == 2
    assert sheet.count("class=test") == found.num_test == 4
    assert "&lt;b&gt;狗" in sheet
    assert "<b>狗" not in sheet
    assert "16 pictures to learn: batches of 8, small steps, 40 rounds" in words(at)
    again = opened("data", set=found.name)
    assert html(again) == sheet


def test_what_cannot_be_read_is_one_line_and_what_was_there_stays(runs: RunStore) -> None:
    at = drop(drop(opened("data"), ZIP), ZIP[:100], "half.zip")
    assert [each.value for each in at.error] == [
        "Half.zip: it is cut short or damaged: upload it again."
    ]
    assert only_set(runs).name in at.query_params["set"]
    assert not drop(at, ZIP).error


def test_photos_join_a_class_at_a_time(runs: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened("data")
    assert at.file_uploader[0].disabled
    for place, name in enumerate(("cup", "pen")):
        monkeypatch.setattr(view, "class_now", lambda name=name: name)  # AppTest types nothing new
        at = drawn(at.run())
        files = [(f"{n}.png", file_of(picture(100 * place + n)), "image/png") for n in range(4)]
        at = drawn(at.file_uploader[0].set_value(files).run())
        if name == "cup":
            assert "One class alone (cup): add another." in words(at)
            assert next(each for each in at.button if each.label == "Teach it").disabled
    assert only_set(runs).class_names == ("cup", "pen")  # what it was added to is gone


def test_one_press_trains_bn_beside_afn_and_opens_them(runs: RunStore) -> None:
    at = press(drop(opened("data"), ZIP), "Teach it")
    assert not at.error
    found = only_set(runs)
    configs = [run.config() for run in runs.list()]
    assert {config.norm for config in configs} == {"bn", "afn"}
    assert set(configs) == set(comparison_for(found))
    assert len({line.group for line in backend.index().lines()}) == 1
    # what a run learned stays when more is added
    drop(opened("data", set=found.name), zipped(pictures("more", each=3)))
    assert len(OwnSets(runs.root).list()) == 2


@pytest.mark.parametrize(
    ("images", "batch", "epochs"), [(8, 8, 40), (48, 8, 40), (200, 32, 38), (4000, 64, 4)]
)
def test_settings_fit_the_number_of_images(images: int, batch: int, epochs: int) -> None:
    found = OwnSet(
        name="own-0", class_names=("a", "b"), counts=((images - 1, 1), (1, 1)), channels=1,
        created=0.0, seed=0, digest="", why_unusable="", warnings=(),
    )  # fmt: skip
    config = comparison_for(found)[0]
    assert (config.batch_size, config.epochs, config.augment) == (batch, epochs, "none")
    assert f"batches of {batch}, small steps, {epochs} rounds." in why(found)


def test_a_class_and_all_of_it_can_be_deleted(runs: RunStore) -> None:
    at = drop(opened("data"), zipped(pictures("a", "b", "c")))
    at.selectbox(key=view.GONE).set_value("b")
    at = press(at, "Delete for good")
    assert only_set(runs).class_names == ("a", "c")
    at = press(at, "Delete for good")
    assert OwnSets(runs.root).list() == []
    assert "set" not in at.query_params
    assert not list((runs.root / ".own").glob("*own-*"))


def test_a_link_to_a_set_that_is_gone_says_so(runs: RunStore) -> None:
    at = opened("data", set="own-0123456789abcdef")
    assert "There is no such set of yours" in words(at)
    assert not opened("data", set="../../etc").exception


def test_shots_of_a_camera_are_pictures_and_nothing_else(runs: RunStore) -> None:
    good = view._shot(0, view._SHOT + "/9j/")
    assert good is not None
    assert bytes(good.getbuffer()) == b"\xff\xd8\xff"
    for bad in (7, "", "file:///etc/passwd", view._SHOT + "%%", view._SHOT + "A" * 200_000):
        assert view._shot(0, bad) is None


# -- where several share a server ------------------------------------------------------------------


@pytest.fixture
def shared(runs: RunStore, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setenv("AFN_SHARED", "1")
    monkeypatch.setattr(people, "holds_key", lambda: False)
    return runs


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Says who looks from now on."""
    return lambda name: monkeypatch.setattr(people, "me", lambda: name)


def test_it_is_its_owners_alone_and_so_are_the_runs_in_lists(
    shared: RunStore, somebody: Callable[[str], None]
) -> None:
    somebody("ann")
    at = drop(opened("data"), ZIP)
    assert "For you alone; gone after 7 days." in words(at)
    press(at, "Teach it")
    found = only_set(shared)
    assert found.owner == "ann"
    assert people.own_names() == (found.name,)
    assert len(people.listed(backend.index().lines())) == 2
    somebody("ben")
    assert "There is no such set of yours" in words(opened("data", set=found.name))
    assert people.own_names() == ()
    assert people.listed(backend.index().lines()) == []
    assert "cats" not in html(opened("data"))
    assert all(len(run.id.rpartition("-")[2]) == 16 for run in shared.list())  # nobody guesses it


def test_it_counts_as_its_owners_disk_and_more_than_that_is_refused(
    shared: RunStore, somebody: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody("ann")
    drop(opened("data"), ZIP)
    assert backend.disk().used()["ann"] == pytest.approx(0.06, rel=0.3)
    monkeypatch.setenv("AFN_LIMIT_DISK", "0.1")
    at = drop(opened("data"), zipped(pictures("a", "b", each=10)))
    assert "Nothing was kept: your runs may take 0 MB here" in words(at)
    assert only_set(shared).class_names == ("cats", "<b>狗")


def test_it_goes_with_all_that_is_its_owners(
    shared: RunStore, somebody: Callable[[str], None]
) -> None:
    for name in ("ann", "ben"):
        somebody(name)
        drop(opened("data"), ZIP)
    (shared.root / ".pictures").mkdir()
    anns = next(each for each in OwnSets(shared.root).list() if each.owner == "ann")
    trace = shared.root / ".pictures" / f"{anns.name}.0.npz"
    trace.touch()
    belongings.delete("ann")
    assert only_set(shared).owner == "ben"
    assert not trace.exists()
