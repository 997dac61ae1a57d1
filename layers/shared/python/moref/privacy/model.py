"""The record of an erasure, and the list that keeps the person from coming back: ids and keyed hashes only."""

from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from moref.records import Entity


class Erasure(Entity):
    """One person whose data is erased; id is derived from the contact that counts, so asking again is the same one.

    `waiting`: everything is erased but what is under way at a provider (`waits_for`, ids of payouts and messages). Its
    frozen recipient goes as soon as that has ended.
    """

    noun: ClassVar[str] = "erasure"

    contact_id: str
    contact_ids: list[str]  # with the rows that were merged into it
    listed_keys: list[str]  # keyed hashes of their phones, mailboxes and CRM ids
    status: Literal["running", "waiting", "done"] = "running"
    requested_by: str  # member
    reason: str
    inbox_until: AwareDatetime  # raw webhooks that came until then are looked through
    inbox_after: dict[str, Any] | None = None  # where that goes on
    inbox_done: bool = False
    blanked: int = 0  # rows so far
    waits_for: list[str] = Field(default_factory=list)
    last_look_at: AwareDatetime | None = None  # when whoever was at work as it was asked is surely done
    finished_at: AwareDatetime | None = None


class ErasedKey(Entity):
    """An entry of the erasure list; id is the keyed hash of a phone, a mailbox or a customer's id in a CRM.

    Whatever a source tells of its owner afterwards, their jobs' facts go on under `contact_id`, which is nobody's name.
    """

    noun: ClassVar[str] = "erased_key"

    erasure_id: str
    contact_id: str

    def parent(self) -> str:
        return self.erasure_id


class ExportFile(BaseModel):
    """A finished file of an export: its name, and how many rows stand in it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    rows: int


class Export(Entity):
    """A copy of what is held: of one person, or of everything an organization owns. Its files are gone at `gone_at`.

    Where it goes on: at `at_noun`, after the row `after`. A person's first slice writes all but the webhooks.
    """

    noun: ClassVar[str] = "export"

    of: Literal["person", "organization"]
    contact_id: str | None = None
    requested_by: str  # member
    status: Literal["running", "ready", "gone"] = "running"
    at_noun: str | None = None
    after: dict[str, Any] | None = None
    rows: int = 0
    files: list[ExportFile] = Field(default_factory=list)
    ready_at: AwareDatetime | None = None
    gone_at: AwareDatetime | None = None

    def parent(self) -> str | None:
        return self.contact_id


class Blanked(BaseModel):
    """Until when a noun's rows are old and blanked, by creation. A pass goes on after `after`."""

    model_config = ConfigDict(frozen=True)

    done_until: AwareDatetime
    pass_until: AwareDatetime | None = None
    after: dict[str, Any] | None = None


class RetentionMark(Entity):
    """How far each noun's old rows are blanked; id is the organization's."""

    noun: ClassVar[str] = "retention_mark"

    nouns: dict[str, Blanked] = Field(default_factory=dict)
