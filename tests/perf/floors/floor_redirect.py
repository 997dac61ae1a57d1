"""The least that a redirect can do in Python: one signed GetItem over a kept connection, verified TLS, and the 302.

Its own script on purpose, sharing nothing with the product or the other floor. It has the shape of a Lambda handler.
"""

import hashlib
import hmac
import http.client
import json
import os
import ssl
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEY_ID = os.environ["AWS_ACCESS_KEY_ID"]
SECRET = os.environ["AWS_SECRET_ACCESS_KEY"]
TOKEN = os.environ["AWS_SESSION_TOKEN"]
REGION = os.environ["AWS_REGION"]
TABLE = os.environ["CORE_TABLE"]
SCHEME, _, HOST = os.environ["AWS_ENDPOINT_URL"].partition("://")


def connect() -> http.client.HTTPConnection:
    if SCHEME == "http":
        return http.client.HTTPConnection(HOST, timeout=60)
    context = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
    return http.client.HTTPSConnection(HOST, timeout=60, context=context)


CONNECTION = connect()


def signed(target: str, body: bytes) -> dict[str, str]:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    names = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
    canonical = (
        f"POST\n/\n\ncontent-type:application/x-amz-json-1.0\nhost:{HOST}\nx-amz-date:{stamp}\n"
        f"x-amz-security-token:{TOKEN}\nx-amz-target:{target}\n\n{names}\n{hashlib.sha256(body).hexdigest()}"
    )
    scope = f"{stamp[:8]}/{REGION}/dynamodb/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4" + SECRET.encode()
    for part in (stamp[:8], REGION, "dynamodb", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return {
        "content-type": "application/x-amz-json-1.0",
        "host": HOST,
        "x-amz-date": stamp,
        "x-amz-security-token": TOKEN,
        "x-amz-target": target,
        "authorization": (
            f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={names}, Signature={signature}"
        ),
    }


def handler(event: "dict[str, Any]", context: object) -> "dict[str, Any]":
    code = event["pathParameters"]["code"]
    body = json.dumps({"TableName": TABLE, "Key": {"pk": {"S": f"*#link#{code}"}, "sk": {"S": "self"}}}).encode()
    CONNECTION.request("POST", "/", body, signed("DynamoDB_20120810.GetItem", body))
    answer = CONNECTION.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise OSError(answer.status)
    url = json.loads(content)["Item"]["url"]["S"]
    return {"statusCode": 302, "headers": {"location": url, "cache-control": "no-store"}, "body": ""}
