"""Zone data is the pinned package's and never the machine's; a wall time is one instant, whatever the clocks do."""

import os
import re
import shutil
import subprocess
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest

from moref.campaigns import zones

ROOT = Path(__file__).parents[3]


def test_the_iana_version_is_the_one_the_lock_names() -> None:
    pin = re.search(r"^tzdata==(\d{4})\.(\d+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert pin is not None
    year, number = pin.groups()
    assert year + chr(ord("a") + int(number) - 1) == import_module("tzdata").IANA_VERSION


def test_a_machine_with_other_zone_data_changes_nothing(tmp_path: Path) -> None:
    """Its America/Chicago is Tokyo's file, and zoneinfo is told to look there first."""
    (tmp_path / "America").mkdir()
    with files("tzdata.zoneinfo.Asia").joinpath("Tokyo").open("rb") as tokyo:
        (tmp_path / "America" / "Chicago").write_bytes(tokyo.read())
    program = (
        "import zoneinfo; from datetime import datetime, UTC; at = datetime(2026, 7, 1, tzinfo=UTC)\n"
        "before = at.astimezone(zoneinfo.ZoneInfo('America/Chicago')).hour\n"
        "from moref.campaigns.zones import zone\n"
        "print(before, at.astimezone(zone('America/Chicago')).hour)"
    )
    paths = {"PYTHONTZPATH": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]}
    run = subprocess.run([sys.executable, "-c", program], env=paths, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["9", "19"], "Tokyo from the machine, then Chicago from the package"
    shutil.rmtree(tmp_path)


def test_zone_data_comes_from_the_pinned_package() -> None:
    assert zoneinfo.TZPATH == ()
    with files("tzdata.zoneinfo.America").joinpath("Vancouver").open("rb") as file:
        pinned = zoneinfo.ZoneInfo.from_file(file)
    for month in range(1, 13):
        at = datetime(2027, month, 15, tzinfo=UTC)
        assert at.astimezone(zones.zone("America/Vancouver")).utcoffset() == at.astimezone(pinned).utcoffset()


def test_british_columbia_keeps_summer_time_from_2026_which_old_copies_do_not_know() -> None:
    winter = datetime(2027, 1, 15, tzinfo=UTC).astimezone(zones.zone("America/Vancouver"))
    assert winter.utcoffset() == timedelta(hours=-7)


@pytest.mark.parametrize("name", ["", None, "America", "../etc/passwd", "/etc/localtime", "Nowhere/At_All", "a\0b"])
def test_what_is_no_zone_is_not_known(name: str | None) -> None:
    assert not zones.known(name)


@pytest.mark.parametrize(
    ("wall", "name", "expected"),
    [
        # Clocks go from 02:00 to 03:00: half past two is half past three.
        ("2026-03-08T02:30", "America/Chicago", "2026-03-08T08:30Z"),
        # Clocks go from 02:00 to 01:00: half past one comes at 06:30 and 07:30 UTC.
        ("2026-11-01T01:30", "America/Chicago", "2026-11-01T06:30Z"),
        # Lord Howe moves by half an hour. 4 October: 02:00 (+10:30) is 02:30 (+11), so 02:15 is 02:45.
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45Z"),
        # 5 April: 02:00 (+11) is 01:30 (+10:30), so 01:45 comes twice, first at +11.
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45Z"),
        # Phoenix has no summer time; the Navajo Nation inside Arizona keeps Denver's.
        ("2026-07-01T09:00", "America/Phoenix", "2026-07-01T16:00Z"),
        ("2026-07-01T09:00", "America/Denver", "2026-07-01T15:00Z"),
        # Nuuk's clocks go from Saturday 23:00 (-2) to Sunday 00:00 (-1): the wall time leaves its day.
        ("2026-03-28T23:30", "America/Nuuk", "2026-03-29T01:30Z"),
        # Both sides of the date line.
        ("2026-06-01T10:00", "Pacific/Apia", "2026-05-31T21:00Z"),
        ("2026-06-01T10:00", "Pacific/Kiritimati", "2026-05-31T20:00Z"),
        ("2026-06-01T10:00", "Pacific/Pago_Pago", "2026-06-01T21:00Z"),
    ],
)
def test_wall_times_computed_by_hand(wall: str, name: str, expected: str) -> None:
    assert zones.resolve(datetime.fromisoformat(wall), name) == datetime.fromisoformat(expected).astimezone(UTC)
