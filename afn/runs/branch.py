"""Branching a run: another future from any of its steps on, as a run of its own.

Training is the same bit by bit, so that no checkpoint need lie where a run is branched: the branch
begins at the last one before, or at the start, goes the same way, and obeys one command more at the
step. What was changed while the other run trained is changed again at the same steps.
"""

from afn.engine.ready import check_ready
from afn.runs.fork import ForkPlace, place_of, steps_of, take
from afn.runs.history import History
from afn.runs.origin import CHECKPOINT, ForkedFrom
from afn.runs.store import Run, RunStore
from afn.settings.commands import Command, Timed, change_words, check_command
from afn.settings.norms import ADAPTIVE_NORMS


def branch(
    store: RunStore, run: Run, *, step: int, command: Command, owner: str | None = None
) -> Run:
    """A new run that goes another one's way up to a step and obeys a command there.

    Args:
        store: Where it is made.
        run: What is branched; it stays as it is, and may still train.
        step: Behind which the command is obeyed; 0 is before the first one.
        command: A change, as `afn.settings.commands.check_command` knows them.
        owner: Who starts it, on a server that several people share.

    Raises:
        ValueError: The run did not come so far or has ended there, or the command does not fit.
        OSError: The folder is full or read-only, or the data set is not on disk any more.

    Example:
        >>> from afn import TrainConfig, trained
        >>> from afn.runs.store import RunStore
        >>> run = trained(TrainConfig(dataset="digits8", epochs=1, corruptions=()))
        >>> half = {"command": "set", "lambda": {"mu": 0.0}}
        >>> made = branch(RunStore(), run, step=5, command=half)
        >>> made.origin().branches_at
        5
    """
    check_command(command)
    config, before, history = run.config(), run.origin(), History.of(run)
    if command["command"] != "set":
        raise ValueError(f"a branch changes something: expected a set command, got {command!r}")
    if "lambda" in command and not (config.norm in ADAPTIVE_NORMS and config.adaptive):
        raise ValueError(f"{config.norm} has no λ to set: they are of AFN and ASRNorm")
    first, last = history.first_step, history.step
    if not first <= step <= last:
        raise ValueError(
            f"run {run.id} has the steps {first} to {last} by now: branch it there, got {step}"
        )
    left = history.columns["images_left"][-1:] < history.columns["batch_size"][-1:]
    if step == last and left.any():
        raise ValueError(f"at step {step} the training is over: branch before it")
    place = _place(run, step)
    begins = place.step if place else before.step if before else 0
    script = [*_changes(history, begins, step), (step, command)]
    if place:
        origin = ForkedFrom(
            run=run.id, step=begins, file=place.path.name, config=config, script=tuple(script)
        )
        config, checkpoint = place.config, place.path  # with what was changed by then
    elif before and before.file:  # a fork that has no checkpoint of its own before the step
        origin = ForkedFrom(
            run=before.run, step=before.step, file=before.file, config=before.config,
            logits=before.logits, script=tuple(script),
        )  # fmt: skip
        checkpoint = run.path / CHECKPOINT
    else:
        origin = ForkedFrom(run=run.id, step=0, file="", config=config, script=tuple(script))
        checkpoint = None
    check_ready(config, goes_on=checkpoint is not None)
    name = f"from step {step}: {change_words(command)}"
    made = store.create(config, name=name[:80], origin=origin, owner=owner)
    if checkpoint:
        try:
            take(checkpoint, made.path / CHECKPOINT)
        except OSError:
            made.delete()
            raise
    return made


def _place(run: Run, step: int) -> ForkPlace | None:
    earlier = [at for at in steps_of(run) if at <= step]
    return place_of(run, earlier[-1]) if earlier else None


def _changes(history: History, begins: int, step: int) -> list[Timed]:
    """What was changed while the run trained; it may be told twice, which changes nothing."""
    told = ("kind", "step", "seconds", "at")
    return [
        (event["step"], {name: value for name, value in event.items() if name not in told})
        for event in history.commands
        if event.get("command") == "set" and "error" not in event
        and begins <= event["step"] <= step
    ]  # fmt: skip
