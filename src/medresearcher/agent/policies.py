"""The policies by name."""

from medresearcher.agent.guided import GuidedPolicy
from medresearcher.agent.model import ModelPolicy
from medresearcher.agent.policy import Policy
from medresearcher.errors import InputError, ModelError
from medresearcher.settings import LlmSettings


def policy_named(name: str, settings: LlmSettings, *, guided: bool) -> Policy:
    """`guided` is the teacher without a language model, any other name a model at the endpoint.

    Raises `InputError` when the endpoint or its key is not set.
    """
    if name == GuidedPolicy.name:
        return GuidedPolicy()
    from medresearcher.llm.endpoint import EndpointModel

    try:
        return ModelPolicy(EndpointModel(name, settings), guided=guided)
    except ModelError as error:
        raise InputError(f"policy `{name}`: {error}") from error
