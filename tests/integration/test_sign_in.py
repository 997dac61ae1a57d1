"""Sign-in on the embedded AWS: a code from a real mailbox, Google's sandbox, an invitation, and the end of it all."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from infra.local.cloud import Cloud
from infra.local.demo.driver import PATIENCE, Driver

pytestmark = pytest.mark.cloud
EMAIL = "nia@sign-in.example.com"


@pytest.fixture
def driver(cloud: Cloud) -> Driver:
    return Driver(cloud.outputs)


def post(driver: Driver, path: str, body: Any = None, token: str = "") -> requests.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return driver.http.post(f"{driver.api_url}/v1{path}", json=body, headers=headers, timeout=PATIENCE)


def done(answer: requests.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def read(driver: Driver, path: str, token: str) -> requests.Response:
    headers = {"authorization": f"Bearer {token}"}
    return driver.http.get(f"{driver.api_url}/v1{path}", headers=headers, timeout=PATIENCE)


def sign_in(driver: Driver) -> Any:
    done(post(driver, "/sign-in/code", {"email": EMAIL}), 202)
    mail = driver.message(EMAIL, "Your code to sign in is")
    [code] = re.findall(r"Your code to sign in is (\d{6})", mail["body"])
    found = done(post(driver, "/sign-in/verify", {"email": EMAIL, "code": code}))
    assert post(driver, "/sign-in/verify", {"email": EMAIL, "code": code}).status_code == 422
    return found


def with_google(driver: Driver) -> Any:
    account = {"vendor": "google", "sub": "10871", "email": EMAIL, "email_verified": True, "hd": "sign-in.example.com"}
    driver.http.post(f"{driver.desk}/_register", json=account, timeout=PATIENCE).raise_for_status()
    back = f"{driver.api_url}/v1/docs"
    begun = done(post(driver, "/sign-in/google", {"redirect_uri": back}), 201)
    sent_back = driver.open(begun["authorization_url"])
    assert sent_back.status_code == 302
    query = dict(parse_qsl(urlsplit(sent_back.headers["location"]).query))
    body = {"state": query["state"], "code": query["code"], "ticket": begun["ticket"]}
    found = done(post(driver, "/sign-in/google/verify", body))
    assert post(driver, "/sign-in/google/verify", body).status_code == 422
    return found


def test_somebody_signs_in_is_invited_and_signs_out_everywhere(driver: Driver) -> None:
    newcomer = sign_in(driver)
    assert (newcomer["organization_id"], newcomer["invitations"]) == (None, [])
    assert read(driver, "/organization", newcomer["access_token"]).status_code == 401

    invitation = done(driver.api("POST", "/invitations", json={"email": EMAIL, "name": "Nia", "role": "admin"}), 201)
    driver.message(EMAIL, "would like you to work with them")

    same = with_google(driver)
    assert [each["id"] for each in same["invitations"]] == [invitation["id"]]
    joined = done(post(driver, f"/invitations/{invitation['id']}/accept", token=same["access_token"]))
    member = done(post(driver, "/sign-in/refresh", {"refresh_token": same["refresh_token"]}))
    assert member["member_id"] == joined["member_id"]
    assert done(read(driver, "/organization", member["access_token"]))["id"] == driver.outputs["organization_id"]

    key = done(post(driver, "/api-keys", {"name": "Sync", "scopes": ["jobs:read"]}, member["access_token"]), 201)
    assert read(driver, "/jobs", key["key"]).status_code == 200
    assert read(driver, "/contacts", key["key"]).status_code == 403

    driver.move(2)
    assert post(driver, "/sign-out/everywhere", token=member["access_token"]).status_code == 204
    assert read(driver, "/organization", member["access_token"]).status_code == 401
    for session in (newcomer, member):
        again = post(driver, "/sign-in/refresh", {"refresh_token": session["refresh_token"]})
        assert again.status_code == 401
    driver.api("DELETE", f"/api-keys/{key['id']}")
    assert read(driver, "/jobs", key["key"]).status_code == 401
    assert done(driver.api("DELETE", f"/members/{joined['member_id']}"))["status"] == "removed"
    actions = {row["action"] for row in driver.items("/audit", actor=joined["member_id"])}
    assert {"member.joined", "api_key.made", "member.signed_out_everywhere"} <= actions
