"""What plays a rollout: a policy starts one player per question, the player moves turn by turn."""

from collections.abc import Sequence
from typing import Any, Protocol

from medresearcher.llm.chat import Reply
from medresearcher.records.trajectory import Guide, Message


class Player(Protocol):
    """One rollout's mind. It sees only the messages; what it remembers comes from them."""

    def act(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """The next assistant message: tool calls, or the final answer."""
        ...


class Policy(Protocol):
    """A way to research. `guided` tells whether it is given the masked chain."""

    @property
    def name(self) -> str:
        """The name that is recorded."""
        ...

    @property
    def guided(self) -> bool:
        """Whether `start` needs the masked chain."""
        ...

    def start(self, guide: Guide | None, seed: int) -> Player:
        """A player for one rollout."""
        ...
