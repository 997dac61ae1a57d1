"""The benchmark itself: floors that are honest, rows that can fail."""

import ast
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.perf import measure
from tests.perf.__main__ import growth
from tests.perf.growth import FEW, Growth
from tests.perf.place import FLOOR, PRODUCT, Place, prepare, write_certificates
from tests.perf.rows import Row, compared, missing, table, write
from tests.perf.sample import events
from tests.perf.stub import Stub

HERE = Path(__file__).parent
ALLOWED = {"json", "os", "ssl", "time", "hashlib", "hmac", "http.client"}
DOORS = tuple(FLOOR)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return prepare(tmp_path_factory.mktemp("perf") / "place")


@pytest.mark.parametrize("door", DOORS)
def test_a_floor_imports_exactly_what_the_least_needs(door: str) -> None:
    tree = ast.parse((HERE / f"floors/{FLOOR[door]}.py").read_text())
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert plain == ALLOWED
    # What a type checker alone reads stands below an `if` that is never true.
    assert [node for node in tree.body if isinstance(node, ast.ImportFrom)] == []


def run(place: Place, module: str, door: str, stub: Stub) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        place.command(module), input=events(door, 1) + "\n", env=place.environment(stub.url),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("side", [PRODUCT, FLOOR])
def test_both_sides_answer_over_tls_with_requests_that_aws_would_take(
    place: Place, door: str, side: dict[str, str]
) -> None:
    seen: list[tuple[dict[str, str], bytes]] = []
    with Stub(place.tls, lambda headers, body: seen.append((headers, body))) as stub:
        done = run(place, side[door], door, stub)
    assert json.loads(done.stderr.splitlines()[-1])["status"] == measure.EXPECTED[door], done.stderr
    assert seen
    for headers, body in seen:
        assert headers["authorization"].rpartition("Signature=")[2] == resigned(place, headers, body)


def resigned(place: Place, headers: dict[str, str], body: bytes) -> str:
    """What the SDK's own signer says."""
    environment = place.environment("https://localhost")
    who = Credentials(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], environment["AWS_SESSION_TOKEN"]
    )
    service = headers["authorization"].split("/")[3]
    given = {name: headers[name] for name in ("content-type", "x-amz-target", "x-amz-date", "x-amz-security-token")}
    request = AWSRequest("POST", f"https://{headers['host']}/", given, body)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(who, service, environment["AWS_REGION"])
    found: str = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return found


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("side", [PRODUCT, FLOOR])
def test_neither_side_talks_to_a_server_that_its_roots_do_not_know(
    place: Place, tmp_path: Path, door: str, side: dict[str, str]
) -> None:
    stranger = Place(tmp_path)
    write_certificates(stranger)
    with Stub(stranger.tls) as stub:
        done = run(place, side[door], door, stub)
        assert not stub.counts
    statuses = [json.loads(line)["status"] for line in done.stderr.splitlines() if line.startswith('{"status"')]
    assert statuses in ([], [503])


def test_a_warm_round_measures_both_sides(place: Place) -> None:
    mean, tail = measure.warm(place, "redirect", pairs=2, count=20)
    assert 0 < mean.floor <= tail.floor
    assert 0 < mean.value <= tail.value


def test_without_valgrind_the_row_is_there_and_not_ok(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(measure.NotMeasured) as reason:
        measure.instructions(place, "redirect")
    row = missing("start", "M instructions", 1.15, reason.value)
    assert not row.ok
    assert "start: valgrind is not installed" in table([row])


@pytest.mark.parametrize(
    ("row", "ok"),
    [
        (compared("a", "us", 1.3, measure.Pair(130, 100, 1.3)), True),
        (compared("a", "us", 1.3, measure.Pair(131, 100, 1.31)), False),
        (Row("lost", "events", 0, bar=0), True),
        (Row("lost", "events", 1, bar=0), False),
        (Row("p99", "ms", 80.0), True),
        (Row("p99", "ms", None), False),
    ],
)
def test_a_bar_holds_or_fails_the_row(tmp_path: Path, row: Row, ok: bool) -> None:
    assert row.ok is ok
    write([row], tmp_path / "bench.json")
    (told,) = json.loads((tmp_path / "bench.json").read_text())
    assert list(told) == ["name", "unit", "value", "floor", "ratio", "bar", "ok"]
    assert told["ok"] is ok
    assert ("FAILED" in table([row])) is not ok


@pytest.mark.parametrize(("grown", "failed"), [(0, 0), (1, 2)])
def test_one_more_call_or_byte_among_many_fails_its_row(
    monkeypatch: pytest.MonkeyPatch, grown: int, failed: int
) -> None:
    def measured(_self: Growth, _folder: Path, _ports: int, waiting: int) -> tuple[int, int, float]:
        more = grown if waiting > FEW else 0
        return 27 + more, 400_000 + more, 160.0

    monkeypatch.setattr(shutil, "which", lambda _: "/bin/valgrind")
    monkeypatch.setattr(Growth, "_measure", measured)
    for asked, rows in growth():
        told = rows()
        assert [row.name for row in told] == [name for name, _, _ in asked]
        assert sum(not row.ok for row in told) == failed


def test_the_place_has_no_packages_and_all_byte_code(place: Place) -> None:
    assert list(place.folder.glob("venv/lib/*/site-packages/*")) == []
    for source in [*place.folder.glob("layer/**/*.py"), *place.folder.glob("functions/**/*.py")]:
        assert list((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc")), source
