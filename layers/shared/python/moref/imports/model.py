"""One import: the file's way from upload over a dry run to the result."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from moref.records import Entity

Kind = Literal["contacts", "past_jobs", "past_referrals", "owed_rewards", "partners", "do_not_contact"]
Status = Literal["uploading", "checking", "checked", "refused", "running", "done", "cancelled"]
Outcome = Literal["created", "changed", "unchanged"]
WORKING: frozenset[Status] = frozenset({"checking", "running"})
OPEN: frozenset[Status] = frozenset({"uploading", "checking", "checked", "running"})

MOST_BYTES = 25_000_000
MOST_ROWS = 100_000
STEP = 50  # rows whose outcome is noted together
BLOCK = 1000  # rows of one prepared file
MOST_REJECTED = 5000  # rows that the report names; all are counted
REJECTED_KEPT = timedelta(days=3)  # as an export's files
STARTED_WITHIN = timedelta(days=30)  # what was brought and never started holds people for nothing


class Options(BaseModel):
    """What the file itself does not say."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    location_id: str  # of rows that name no branch
    connection_id: str | None = None  # the CRM whose ids the file holds
    currency: str | None = None  # of amounts in rows that name none
    as_of: AwareDatetime  # when the data was true: what a CRM said later stays
    consent_text: str | None = (
        None  # what customers agreed to, by the organization's word; without it no consent counts
    )


class Import(Entity):
    """uploading -> checking -> checked -> running -> done; refused when the file cannot be read; cancelled until done.

    `at` counts the steps of STEP rows that the present pass (check or run) has behind it; a step that is done again is
    harmless, and is counted once, since its counts are committed together with `at`.
    """

    noun: ClassVar[str] = "import"

    kind: Kind
    status: Status = "uploading"
    options: Options
    asked_by: str  # member id
    started_by: str | None = None
    delimiter: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)  # our column -> the header it was taken from
    unused: list[str] = Field(default_factory=list)  # headers that say nothing to us
    notes: list[str] = Field(default_factory=list)  # what of the file does not count, and why
    rows: int | None = None  # known once the file was read
    at: int = 0
    counts: dict[str, int] = Field(default_factory=dict)  # of the present pass
    checked: dict[str, int] = Field(default_factory=dict)  # what the dry run counted
    sums: dict[str, int] = Field(default_factory=dict)  # currency -> what the accepted rows owe, in minor units
    rejected_file: str | None = None  # key of the last pass's rejected rows
    reason: str | None = None  # why it was refused
    finished_at: AwareDatetime | None = None

    @property
    def rejected_until(self) -> datetime | None:
        """When the file of rejected rows goes; None while the import is not over, or without one."""
        return self.finished_at + REJECTED_KEPT if self.rejected_file and self.finished_at else None

    def waits(self) -> tuple[str, datetime] | None:
        """Checked: somebody has to look at the report, and start it or not."""
        return ("import", self.updated_at) if self.status == "checked" else None

    @property
    def steps(self) -> int:
        return -(-(self.rows or 0) // STEP)

    @property
    def done_rows(self) -> int:
        return min(self.at * STEP, self.rows or 0)

    def folder(self) -> str:
        return f"{self.organization_id}/imports/{self.id}/"

    def upload_key(self) -> str:
        return f"{self.folder()}file.csv"

    def block_key(self, block: int) -> str:
        return f"{self.folder()}block-{block:04d}.json"

    def rejected_prefix(self) -> str:
        return f"{self.folder()}{'check' if self.status == 'checking' else 'run'}-"


class ImportStep(Entity):
    """What the rows of one step of a run did, each noted in the commit that did it, so that a row which is done again
    counts as what it was. id is "<import>.<step>". Holds no cell of a row.
    """

    noun: ClassVar[str] = "import_step"

    outcomes: dict[str, Outcome] = Field(default_factory=dict)  # the row's number -> what it did
