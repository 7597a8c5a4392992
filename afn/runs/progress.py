"""How far a training was when a checkpoint was written."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open


def progress_of(checkpoint: Path) -> dict[str, Any]:
    """What a checkpoint says beside its tensors, from the head of the file alone.

    Raises:
        ValueError: The file is damaged.
    """
    try:
        with safe_open(checkpoint, framework="np") as file:
            progress: dict[str, Any] = json.loads((file.metadata() or {})["progress"])
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise ValueError(f"cannot read the checkpoint {checkpoint.name}: {error}") from error
    return progress
