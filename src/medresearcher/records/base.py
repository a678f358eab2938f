"""The base of every record that is written to disk: frozen, strict, named by its content.

A record's `id` is a hash of its canonical JSON without the id, so equal content has an equal
id on every machine, and a resumed run recognises what it has already done.
"""

import hashlib
import json
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field


def canonical(data: object) -> str:
    """JSON with sorted keys and no spaces: one text for one content."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(data: object, length: int = 16) -> str:
    """The first `length` hex digits of the SHA-256 of the canonical JSON of `data`."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()[:length]


class Frozen(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Record(Frozen):
    """One JSONL record: `schema` (name and version) and a content-hash `id`."""

    SCHEMA: ClassVar[str]
    PREFIX: ClassVar[str]

    schema_name: Annotated[str, Field(alias="schema")]
    id: str

    @classmethod
    def create(cls, **fields: Any) -> Self:
        """Build a record from its other fields; `schema` and `id` are filled in."""
        draft = cls.model_validate({"schema": cls.SCHEMA, "id": "", **fields})
        return draft.model_copy(update={"id": draft.content_id()})

    def content_id(self) -> str:
        """The id that this content should have."""
        content = self.model_dump(mode="json", by_alias=True, exclude={"id"})
        return f"{self.PREFIX}-{digest(content)}"

    def to_line(self) -> str:
        """The record as one JSON line, without the newline."""
        return self.model_dump_json(by_alias=True)
