"""A Gradio page whose parts belong to roles: what happens in a part, happens for those who may alone.

All events come through the same few addresses, so no address can be closed to a role; the one place that calls what an
event is for can. A hidden tab is no protection, and one that guards itself event by event forgets one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction

from demo.asker import Role, require
from demo.errors import Forbidden
from demo.services import Services

BY_ITSELF = frozenset({"load", "tick"})
"""Events that the page sends without a person: to those who may not, they bring nothing rather than a complaint."""


class GuardedPage(gr.Blocks):
    """``gr.Blocks`` with parts for some roles alone.

    Args:
        services: what knows who asks.
        options: those of ``gr.Blocks``.
    """

    def __init__(self, services: Services, **options: Any) -> None:
        super().__init__(**options)
        self.services = services
        self._least: dict[int, Role] = {}

    @contextmanager
    def part_for(self, role: Role) -> Iterator[None]:
        """Keep every event that the block adds for those who may do at least what a role may."""
        before = set(self.fns)
        yield
        self._least |= dict.fromkeys(set(self.fns) - before, role)

    async def call_function(
        self,
        block_fn: BlockFunction | int,
        processed_input: list[Any],
        iterator: Any = None,
        requests: gr.Request | list[gr.Request] | None = None,
        *others: Any,
        **named: Any,
    ) -> dict[str, Any]:
        """Do what an event is for, if whoever caused it may.

        Raises:
            Forbidden: they may not.
            NotLoggedIn: nobody did.
        """
        event = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
        try:
            self._refuse(event, requests if isinstance(requests, list) else [requests])
        except Forbidden:
            if all(name in BY_ITSELF for _, name in event.targets):
                return _nothing(event)
            raise
        done: dict[str, Any] = await super().call_function(event, processed_input, iterator, requests, *others, **named)
        return done

    def _refuse(self, event: BlockFunction, requests: Sequence[gr.Request | None]) -> None:
        role = self._least.get(event._id)
        if role is None or not self.services.settings.auth:
            return
        for request in requests:
            require(request or gr.Request(), self.services, role)


def _nothing(event: BlockFunction) -> dict[str, Any]:
    """What an event brings that changes nothing on the page."""
    changes = [gr.skip() for _ in event.outputs]
    prediction = changes[0] if len(changes) == 1 else changes
    return {"prediction": prediction, "duration": 0.0, "is_generating": False, "iterator": None}
