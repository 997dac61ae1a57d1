"""Files in memory, with the same keys refused and the same answers as the bucket's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from moref.aws.files import checked, checked_prefix
from moref.ports import FileInfo, Upload


@dataclass
class FakeFiles:
    """`kept`: key -> (body, content type). `forms` and `links` are those handed out; a test uploads with `put`."""

    kept: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    forms: list[tuple[str, str, int]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def upload_form(self, key: str, *, content_type: str, max_bytes: int, lifetime: timedelta) -> Upload:
        assert lifetime <= timedelta(hours=1)
        self.forms.append((checked(key), content_type, max_bytes))
        return Upload("https://files.example.test", {"key": key, "Content-Type": content_type})

    def download_link(self, key: str, *, filename: str, lifetime: timedelta) -> str:
        assert lifetime <= timedelta(days=7), "longer than a signature may live"
        self.links.append(checked(key))
        return f"https://files.example.test/{key}?name={filename}"

    def put(self, key: str, body: bytes, *, content_type: str) -> None:
        self.kept[checked(key)] = (body, content_type)

    def get(self, key: str) -> bytes | None:
        found = self.kept.get(checked(key))
        return None if found is None else found[0]

    def head(self, key: str) -> FileInfo | None:
        found = self.kept.get(checked(key))
        return None if found is None else FileInfo(len(found[0]), found[1])

    def keys(self, prefix: str) -> list[str]:
        checked_prefix(prefix)
        return sorted(key for key in self.kept if key.startswith(prefix))

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.kept.pop(checked(key), None)
