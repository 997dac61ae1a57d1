"""Prints what happened, in order, in the branch's local time, as it becomes known."""

import textwrap
from datetime import datetime
from zoneinfo import ZoneInfo

from infra.local.demo.driver import Driver

WIDTH = 100
_INDENT = 32


class Timeline:
    """Remembers which messages were told already, so that each is printed once, in its chapter."""

    def __init__(self, driver: Driver, zone: str, people: dict[str, str]) -> None:
        self.driver = driver
        self.zone = ZoneInfo(zone)
        self.people = people  # address -> name
        self.told: set[str] = set()  # provider ids
        self.notes: list[tuple[datetime, str, str]] = []

    def note(self, who: str, text: str, at: datetime | None = None) -> None:
        self.notes.append((at or self.driver.now(), who, text))

    def chapter(self, title: str) -> None:
        """Prints what has happened since the last call, then the next chapter's title."""
        self.flush()
        print(f"\n{title}\n{'-' * len(title)}", flush=True)

    def flush(self) -> None:
        fresh = [message for message in self.driver.messages() if message["provider_id"] not in self.told]
        for message in fresh:
            name = self.people.get(message["to"], message["to"])
            kind = "SMS" if message["channel"] == "sms" else "e-mail"
            head = f"{message['subject']}: " if message.get("subject") else ""
            text = f"{kind} to {name}: {head}{' '.join(message['body'].split())}"
            self.notes.append((datetime.fromisoformat(message["at"].replace("Z", "+00:00")), "Mo-ref", text))
        self.told |= {message["provider_id"] for message in fresh}
        for at, who, text in sorted(self.notes, key=lambda note: note[0]):
            self._line(at, who, text)
        self.notes.clear()

    def _line(self, at: datetime, who: str, text: str) -> None:
        stamp = at.astimezone(self.zone).strftime("%a %d %b %H:%M")
        lead = f"  {stamp}  {who:<10} "
        body = textwrap.wrap(text, WIDTH - _INDENT, break_on_hyphens=False, break_long_words=False) or [""]
        shown = body[:6] + ([body[6][: WIDTH - _INDENT - 4] + " ..."] if len(body) > 6 else [])
        print(lead + f"\n{' ' * len(lead)}".join(shown), flush=True)
