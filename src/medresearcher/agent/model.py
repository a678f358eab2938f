"""The policy of a language model: it reads the messages and answers with calls or an answer."""

from collections.abc import Sequence
from typing import Any

from medresearcher.agent.guide import guide_text
from medresearcher.llm.chat import ChatModel, Reply
from medresearcher.llm.prompts import prompt
from medresearcher.records.trajectory import Guide, Message


class ModelPolicy:
    """Plays with a chat model; with `guided` the model is also shown the masked chain.

    The guide goes to the model but not into the recorded messages, so that a student learns to
    research without it; the trajectory's `guide` field tells that it was given.
    """

    def __init__(self, model: ChatModel, *, guided: bool = False) -> None:
        self._model = model
        self.guided = guided
        self.name = model.name

    def start(self, guide: Guide | None, seed: int) -> "ModelPlayer":
        """A player for one rollout."""
        return ModelPlayer(self._model, guide, seed)


class ModelPlayer:
    """One rollout of a chat model."""

    def __init__(self, model: ChatModel, guide: Guide | None, seed: int) -> None:
        self._model = model
        self._guide = guide
        self._seed = seed

    def act(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Ask the model for its next message; raises `ModelError` when the endpoint fails."""
        if self._guide:
            hint = prompt("guide", guide=guide_text(self._guide))
            first = messages[0].model_copy(update={"content": f"{messages[0].content}\n\n{hint}"})
            messages = [first, *messages[1:]]
        return self._model.complete(messages, tools, self._seed)
