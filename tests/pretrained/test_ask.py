"""Shipped models asked anew."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load, save

from afn.ask.models import restored
from afn.data import load_dataset
from afn.norms import norm_layers
from afn.pretrained.ask import ask_again
from afn.pretrained.cards import read_card
from afn.pretrained.export import export, packed, sha256
from afn.pretrained.train import make
from afn.settings.corruptions import RULE

pytestmark = pytest.mark.slow


def with_contents(card, **contents):
    """The card with other files."""
    sums = {what: sha256(content) for what, content in contents.items()}
    export(replace(card, sha256={**card.sha256, **sums}), contents)
    return read_card(card.name, card.folder)


@pytest.fixture
def shipped(made, tmp_path):
    """A copy of the tiny model's files, which can be changed."""
    card = replace(made.card, folder=tmp_path / "pretrained")
    return with_contents(card, **{what: made.card.read(what) for what in made.card.sha256})


def test_what_the_answers_are_does_not_change_with_who_asks(made, tiny, shipped, store):
    empty = with_contents(shipped, cells=packed([]))
    said = []
    found = ask_again(tiny, store, shipped.folder, said.append)
    assert found == made.accuracies
    assert [each["kind"] for each in said] == ["asked", "shipped"]
    card = read_card(tiny.name, shipped.folder)
    assert card.sha256 == made.card.sha256 != empty.sha256
    assert card.accuracies == made.card.accuracies


def test_answers_under_an_older_rule_make_room_for_todays(made, tiny, shipped, store):
    older = [
        record | {"rule": 1} if record.get("rule") else record
        for record in map(dict, _cells(made.card))
    ]
    card = with_contents(shipped, cells=packed(older))
    assert {cell.rule for _, cell in card.answers()} == {None, 1}
    assert ask_again(tiny, store, shipped.folder, [].append) == made.accuracies
    card = read_card(tiny.name, shipped.folder)
    assert {cell.rule for _, cell in card.answers()} == {None, RULE}
    assert card.rule == RULE


def _cells(card):
    from afn.pretrained.cards import _lines

    return _lines(card.read("cells"))


def test_known_answers_are_kept(tiny, shipped, store, monkeypatch):
    monkeypatch.setattr("afn.ask.measure._logits", lambda *_: pytest.fail("asked again"))
    assert ask_again(tiny, store, shipped.folder, [].append) == list(shipped.accuracies)


def test_asrnorms_of_old_get_the_mean_of_sigma_from_their_training_images(tiny, store, tmp_path):
    spec = replace(tiny, name="tiny-asrnorm", config=replace(tiny.config, norm="asrnorm"))
    make(spec, store, tmp_path, [].append)
    whole = read_card(spec.name, tmp_path)
    tensors = load(whole.read("weights"))
    old = {name: value for name, value in tensors.items() if "running_sigma" not in name}
    with_contents(whole, weights=save(old))
    accuracies = ask_again(spec, store, tmp_path, [].append)
    assert {each.networks for each in accuracies} == {"on", "off", "frozen"}
    card = read_card(spec.name, tmp_path)
    found = load(card.read("weights"))
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], value) for name, value in old.items())
    # By hand: the first layer's σ of every training image, by its own input.
    model, seen = restored(card.network()), []
    path, layer = next(iter(norm_layers(model).items()))
    layer.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    images = torch.from_numpy(load_dataset("digits8").x_train).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        for batch in images.split(128):
            model(batch)
    sigma = [(x.var((2, 3), correction=0) + layer.eps).sqrt().mean(0) for x in seen]
    torch.testing.assert_close(found[f"{path}.running_sigma"], torch.stack(sigma).mean(0))


def test_other_data_is_refused(tiny, shipped, store):
    other = replace(shipped, trained_on=replace(shipped.trained_on, sha256="0" * 64))
    with_contents(other)
    with pytest.raises(ValueError, match=r"digits8 here is not the data that tiny-afn was trained"):
        ask_again(tiny, store, shipped.folder, [].append)
