"""Callbacks with the real packages: what their trainers do is told as a run."""

import warnings

import pytest
import torch
from torch import nn

from afn.runs.history import History
from afn.runs.index import RunIndex
from afn.runs.store import RunStore
from tests.recording.loops import images, small

pytestmark = pytest.mark.slow


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


def the_run(store):
    [line] = RunIndex(store).lines()
    run = store.open(line.id)
    return run, History.of(run)


# -- Lightning -------------------------------------------------------------------------------------


@pytest.fixture
def lightning():
    """The package, which warns of what this machine is like."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield pytest.importorskip("pytorch_lightning")


def module(lightning, fails_at=None):
    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = small("afn")
            self.losses = []

        def training_step(self, batch, index):
            if index == fails_at:
                raise RuntimeError("no more batches")
            x, y = batch
            loss = nn.functional.cross_entropy(self.net(x), y)
            self.losses.append(float(loss.detach()))
            return loss

        def validation_step(self, batch, index):
            x, y = batch
            self.log("val_accuracy", (self.net(x).argmax(1) == y).float().mean())

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.05)

    return Module()


def fit(lightning, model, callback, tmp_path, **options):
    data = torch.utils.data.TensorDataset(*images(0, 32))
    loader = torch.utils.data.DataLoader(data, batch_size=8)
    trainer = lightning.Trainer(
        max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=tmp_path,
        callbacks=[callback], **options,
    )  # fmt: skip
    trainer.fit(model, loader, loader)


def test_lightning_is_recorded(lightning, store, tmp_path):
    from afn.recording.lightning import LightningRecorder

    model = module(lightning)
    fit(lightning, model, LightningRecorder("lit", interval=2, store=store), tmp_path)
    run, history = the_run(store)
    assert run.state().status == "finished"
    assert history.num_steps == 8
    assert history.columns["loss"].tolist() == pytest.approx(model.losses, rel=1e-5)
    assert history.columns["lr"].tolist() == [0.05] * 8
    assert history.adaptive_layers == ["net.1", "net.4"]
    assert history.lambda_steps.tolist() == [1, 3, 5, 7]
    assert [event["step"] for event in history.logged] == [4, 8]
    assert 0 <= history.logged[-1]["values"]["val_accuracy"] <= 1
    assert not history.notes
    norms = history.columns["grad_norm"]
    assert norms[0] > 0


def test_accumulated_batches_of_lightning_are_one_step(lightning, store, tmp_path):
    from afn.recording.lightning import LightningRecorder

    recorder = LightningRecorder(store=store)
    fit(lightning, module(lightning), recorder, tmp_path, accumulate_grad_batches=2)
    _, history = the_run(store)
    assert history.num_steps == 4
    assert history.snapshots[0]["layers"][0]["calls"] == 2


def test_lightning_stops_where_the_page_says_so(lightning, store, tmp_path):
    from afn.recording.lightning import LightningRecorder

    class Stopping(LightningRecorder):
        def on_train_batch_end(self, *arguments):
            if self.recorder.step_count == 2:
                self.recorder.run.send({"command": "stop"})
            super().on_train_batch_end(*arguments)

    fit(lightning, module(lightning), Stopping(store=store, obeys=True), tmp_path)
    run, history = the_run(store)
    assert run.state().status == "stopped"
    assert history.num_steps < 8


def test_a_training_of_lightning_that_fails_says_why(lightning, store, tmp_path):
    from afn.recording.lightning import LightningRecorder

    with pytest.raises(RuntimeError, match="no more batches"):
        fit(lightning, module(lightning, fails_at=2), LightningRecorder(store=store), tmp_path)
    run, history = the_run(store)
    assert run.state().status == "failed"
    assert run.state().reason == "RuntimeError: no more batches"
    assert history.num_steps == 2


# -- Hugging Face ----------------------------------------------------------------------------------


@pytest.fixture
def transformers(monkeypatch):
    """The package, which warns of what this machine is like."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("accelerate")
        yield pytest.importorskip("transformers")


def tiny(transformers):
    torch.manual_seed(0)
    return transformers.BertForSequenceClassification(
        transformers.BertConfig(
            vocab_size=32, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=16, max_position_embeddings=16, num_labels=2,
        )
    )  # fmt: skip


def sentences(number=16):
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1, 32, (number, 8), generator=generator)
    return [{"input_ids": row, "labels": int(row.sum() > 128)} for row in ids]


def trainer_of(transformers, callback, tmp_path, **options):
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path / "out"), num_train_epochs=2, per_device_train_batch_size=4,
        report_to=[], logging_steps=2, save_strategy="no", use_cpu=True, disable_tqdm=True,
        eval_strategy="epoch", learning_rate=0.01, **options,
    )  # fmt: skip
    return transformers.Trainer(
        model=tiny(transformers), args=arguments, train_dataset=sentences(),
        eval_dataset=sentences(8), callbacks=[callback],
    )  # fmt: skip


def test_the_trainer_is_recorded(transformers, store, tmp_path):
    from afn.recording.transformers import TrainerRecorder

    callback = TrainerRecorder("bert", interval=3, store=store)
    trainer = trainer_of(transformers, callback, tmp_path)
    trainer.train()
    run, history = the_run(store)
    assert run.state().status == "finished"
    assert run.recording().model == "BertForSequenceClassification"
    assert run.recording().norm == "ln"
    assert history.num_steps == 8
    told = [log["loss"] for log in trainer.state.log_history if "loss" in log]
    pairs = history.columns["loss"].reshape(4, 2).mean(axis=1)
    assert pairs.tolist() == pytest.approx(told, abs=1e-3)  # the Trainer's own, to four digits
    assert history.columns["lr"][0] > history.columns["lr"][-1]
    assert history.columns["grad_norm"][0] > 0
    assert len(history.layers) == 3
    assert {name for event in history.logged for name in event["values"]} >= {"eval_loss"}
    assert not history.notes
    assert not trainer.model._forward_hooks


def test_a_second_training_of_a_trainer_is_another_run(transformers, store, tmp_path):
    from afn.recording.transformers import TrainerRecorder

    trainer = trainer_of(
        transformers, TrainerRecorder(store=store), tmp_path, gradient_accumulation_steps=2
    )
    trainer.train()
    trainer.train()
    lines = RunIndex(store).lines()
    assert [line.status for line in lines] == ["finished", "finished"]
    assert [line.summary["step"] for line in lines] == [4, 4]


def test_the_trainer_stops_where_the_page_says_so(transformers, store, tmp_path):
    from afn.recording.transformers import TrainerRecorder

    class Stopping(TrainerRecorder):
        def on_optimizer_step(self, *arguments, **more):
            if self.recorder.step_count == 2:
                self.recorder.run.send({"command": "stop"})
            super().on_optimizer_step(*arguments, **more)

    trainer_of(transformers, Stopping(store=store, obeys=True), tmp_path).train()
    run, history = the_run(store)
    assert run.state().status == "stopped"
    assert history.num_steps == 3
