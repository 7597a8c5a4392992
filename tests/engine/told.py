"""What a training is told, and what it tells."""

import json

from afn.settings.commands import NoControls
from afn.settings.events import TIMES


class Scripted(NoControls):
    """Commands given at a poll, by its number; the loop polls once before each step."""

    def __init__(self, commands):
        self.commands, self.polls = commands, -1

    def poll(self):
        self.polls += 1
        return self.commands.get(self.polls, [])


def without_times(events):
    records = [json.loads(event.to_line()) for event in events]
    return [{k: v for k, v in record.items() if k not in TIMES} for record in records]


def of_kind(events, kind):
    return [event for event in events if event.kind == kind]
