"""A class that is not there: to rehearse a room alone. The screen says that it pretends."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

from .room import Room, RoomError

_SECONDS = (0.5, 6.0)
"""A student thinks between so long and so long."""
_classes: set[asyncio.Task[None]] = set()


def begin(room: Room, students: int, train: Callable[[str], int]) -> None:
    """Have so many come, one by one, who vote and train whenever it is time, until it is over.

    Args:
        room: Which they join.
        students: How many.
        train: Has the network of a phone's token trained.
    """
    task = asyncio.get_running_loop().create_task(_sit(room, students, train))
    _classes.add(task)
    task.add_done_callback(_classes.discard)


async def _sit(room: Room, students: int, train: Callable[[str], int]) -> None:
    chance, tokens = random.Random(), list[str]()
    try:
        for _ in range(students):
            await asyncio.sleep(chance.uniform(0.05, 0.4))
            tokens.append(await asyncio.to_thread(room.join, pretends=True))
        seen = -1
        while room.is_open:
            await asyncio.sleep(0.2)
            if room.step == seen:
                continue
            seen = room.step
            if room.now.kind == "train":
                for token in tokens:
                    with suppress(ValueError, OSError):  # more than one may have
                        await asyncio.to_thread(train, token)
            if room.now.round is not None:
                await asyncio.gather(*(_vote(room, token, chance) for token in tokens))
    except (ValueError, OSError):
        return


async def _vote(room: Room, token: str, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(*_SECONDS))
    step, script = room.now, room.script
    if step.round is None or script is None:
        return
    poll = script.polls[step.poll]
    choice = chance.randrange(len(poll.options))
    if step.round and poll.right is not None and chance.random() < 0.6:
        choice = poll.right  # a neighbour convinced some
    try:
        await asyncio.to_thread(room.vote, token, step.poll, step.round, choice)
    except (RoomError, OSError):
        return  # the class has gone on
