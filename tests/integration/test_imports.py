"""Files on the embedded AWS: uploaded by the form, checked and brought in by the real worker, and the list of today."""

from typing import Any

import pytest
import requests

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver

pytestmark = pytest.mark.cloud
ROWS = 20


@pytest.fixture
def driver(cloud: Cloud) -> Driver:
    return Driver(cloud.outputs)


def reached(driver: Driver, id: str, *statuses: str) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        found: dict[str, Any] = driver.api("GET", f"/imports/{id}").json()
        return found if found["status"] in statuses else None

    return driver.wait_for(f"the import to be {statuses}", there)


def contacts(tag: str) -> str:
    rows = [f"{tag}-{number},Pat,p{number}@{tag}.example" for number in range(ROWS)]
    return "\ufeff" + "\r\n".join(["Customer ID;First Name;E-Mail".replace(";", ","), *rows, f"{tag}-x,Pat,nobody"])


def test_a_file_is_uploaded_checked_brought_in_and_harmless_twice(driver: Driver) -> None:
    place, connection = driver.outputs["location_id"], driver.api("GET", "/connections").json()["items"][0]["id"]
    for turn in ("created", "unchanged"):
        body = {"kind": "contacts", "location_id": place, "connection_id": connection, "as_of": "2026-01-01T00:00:00Z"}
        asked = driver.api("POST", "/imports", json=body)
        assert asked.status_code == 201, asked.text
        one, form = asked.json(), asked.json()["upload"]
        refused = requests.post(
            form["url"], data=form["fields"] | {"key": f"{driver.outputs['organization_id']}/imports/else/file.csv"},
            files={"file": b"x"}, timeout=10,
        )  # fmt: skip
        assert refused.status_code == 403
        sent = requests.post(form["url"], data=form["fields"], files={"file": contacts("imp").encode()}, timeout=10)
        assert sent.status_code == 204, sent.text
        assert driver.api("POST", f"/imports/{one['id']}/check").status_code == 200
        checked = reached(driver, one["id"], "checked", "refused")
        assert checked["checked"] == {"accepted": ROWS, "rejected": 1}, checked
        assert driver.api("POST", f"/imports/{one['id']}/start").status_code == 200
        done = reached(driver, one["id"], "done")
        assert (done["counts"][turn], done["counts"]["rejected"]) == (ROWS, 1), done
        link = driver.api("GET", f"/imports/{one['id']}/rejected").json()["url"]
        lines = requests.get(link, timeout=10).content.decode("utf-8-sig").splitlines()
        assert lines == [
            "row,column,reason,Customer ID,First Name,E-Mail",
            f"{ROWS + 2},E-Mail,not an e-mail address,imp-x,Pat,nobody",
        ]


def test_what_is_owed_waits_for_a_second_member_in_the_list_of_today(driver: Driver) -> None:
    csv = "id,advocate first name,advocate email,amount\nowed-1,Ann,ann@owed.example,150.00\n"
    body = {"kind": "owed_rewards", "location_id": driver.outputs["location_id"], "currency": "USD", "csv": csv}
    id = driver.api("POST", "/imports", json=body).json()["id"]
    assert reached(driver, id, "checked")["sums"] == {"USD": 15_000}
    assert driver.api("POST", f"/imports/{id}/start").status_code == 200
    reached(driver, id, "done")

    def listed() -> dict[str, Any] | None:
        kinds = {each["kind"]: each for each in driver.api("GET", "/today").json()["kinds"]}
        return kinds["goodwill"] if kinds["goodwill"]["count"] else None

    waiting = driver.wait_for("the reward in the list of today", listed)
    [row] = [
        each for each in driver.items("/goodwill", waiting="goodwill") if each["reason"] == "owed before the import"
    ]
    assert row["id"] in {item["id"] for item in waiting["first"]}
    assert (row["amount"], row["status"], row["cause"]) == (15_000, "waiting", "import")
