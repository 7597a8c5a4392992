"""Events: what a run says while it trains, one JSON line each.

Kinds and their values (besides ``step`` and ``seconds``, the wall time since the run began):

- ``start``: layers, num_features, adaptive_layers, num_parameters, num_train, num_test,
  steps_per_epoch, total_steps, lambdas (before the first step), statistics. A fork starts at the
  step of the checkpoint it began from and has ``forked_from``: run, step, file, lambda (the logits
  that were set), fresh and dropped (tensors that only one of the two networks has)
- ``step``: epoch, loss, accuracy, lr (by the schedule), lambda_lr_factor, batch_size, grad_norm,
  lambdas, lambda_grads (one row of mu, sigma, gamma, beta per adaptive layer; gradients with
  respect to the parameter), duration (seconds spent on the step), images_left
- ``snapshot``: per layer the lists gamma, beta, mu, sigma (one value per channel; ASRNorm's are
  means over the batch's images)
- ``evaluation``: dataset, corruption (None: clean), severity, rule (of corruptions; None: clean),
  constants (whose; only where corrupted), statistics, n, correct, accuracy, loss
- ``domain``: the same of another data set's clean images, once training has come to its end
- ``samples``: severity, images (corruption -> PNG as data URI; "clean" too)
- ``probes``: what the network is asked at every ``probe`` from here on, at the start and where the
  severity changes: images (label, index among the test images, corruption, severity; the second
  half are the first ones damaged by the run's first corruption, or not if it has none), classes
  (names), sheet (file among the run's sheets, or None: the images as tiles, row by row), columns,
  tile (width and height in pixels, at most 32), batch (each half goes in batches of so many),
  statistics (with the size of these batches)
- ``probe``: answers (base64 of uint8, images × classes: 255 times the probability), before the
  first step, at up to 192 points of the run (of more than 48 steps at most every other one), and at
  its end
- ``sheet``: feature maps behind each norm layer, of one probe image: file, layers (names, a row
  each), columns (their first channels), tile, scale (what is black and what white), image (its
  number among the probe's); before the first step, at 24 points of the run, and at the end
- ``command``: a command that took effect (``at``: behind which step it was to), or an ``error`` in
  one line
- ``state``: running or paused
- ``lockstep``: without (ids of the runs of the same comparison that it no longer waits for: they
  came too late, and have not caught up since; none: all are together again)
- ``checkpoint``: file
- ``log``: values (by name) that a recorded loop tells of its own
- ``note``: text, a line that says what a recorded run lacks
- ``resume``: the run went on from the checkpoint of this step; what was recorded after it is undone

A recorded run (`afn.recording`) says less, and more. Its ``start`` has layers, num_features,
adaptive_layers, num_parameters and lambdas. A ``step`` has None for what the loop did not tell, and
for lambdas, lambda_grads and grad_norm at all steps but those at which they were read. A layer of a
``snapshot`` has, as far as there are such, gamma, beta, mu and sigma (of GroupNorm one value per
group, of LayerNorm one; means over images or places), running_mu and running_sigma as they were
before the step, drift (means over channels of |mu - running_mu| / running_sigma and of
sigma / running_sigma), moves, grads (norms of the gradients on γ and β), calls (where it was not
called once), is_eval and is_frozen (where so).

Same configuration, same machine: the same events but for `TIMES`.
"""

import json
from dataclasses import dataclass, field
from typing import Any

TIMES = frozenset({"seconds", "duration"})
"""Values that differ between two runs of one configuration."""


_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened at a step of a run."""

    kind: str
    step: int
    seconds: float
    values: dict[str, Any] = field(default_factory=dict)

    def to_line(self) -> bytes:
        """One line of JSON, strict (NaN and infinities become null)."""
        record = {"kind": self.kind, "step": self.step, "seconds": round(self.seconds, 4)}
        record |= self.values
        try:
            text = _ENCODER.encode(record)
        except ValueError:
            text = _ENCODER.encode(_finite(record))
        return text.encode() + b"\n"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
