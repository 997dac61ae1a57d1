"""The least that a webhook door can do in Python: verify, parse, one conditional PutItem, 202.

The first event of an environment also costs one read of the connection and one KMS decrypt; both are kept. Its own
script on purpose, sharing nothing with the product or the other floor. It has the shape of a Lambda handler.
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
CORE = os.environ["CORE_TABLE"]
TRAFFIC = os.environ["TRAFFIC_TABLE"]
SCHEME, _, HOST = os.environ["AWS_ENDPOINT_URL"].partition("://")
TOLERANCE_SECONDS = 300
KEYS: dict[str, bytes] = {}  # webhook token -> signing key
CONNECTIONS: dict[str, http.client.HTTPConnection] = {}  # per service: on AWS each is a host of its own


def connect() -> http.client.HTTPConnection:
    if SCHEME == "http":
        return http.client.HTTPConnection(HOST, timeout=60)
    context = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
    return http.client.HTTPSConnection(HOST, timeout=60, context=context)


def signed(service: str, target: str, kind: str, body: bytes) -> dict[str, str]:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    names = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
    canonical = (
        f"POST\n/\n\ncontent-type:{kind}\nhost:{HOST}\nx-amz-date:{stamp}\n"
        f"x-amz-security-token:{TOKEN}\nx-amz-target:{target}\n\n{names}\n{hashlib.sha256(body).hexdigest()}"
    )
    scope = f"{stamp[:8]}/{REGION}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4" + SECRET.encode()
    for part in (stamp[:8], REGION, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return {
        "content-type": kind,
        "host": HOST,
        "x-amz-date": stamp,
        "x-amz-security-token": TOKEN,
        "x-amz-target": target,
        "authorization": (
            f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={names}, Signature={signature}"
        ),
    }


def call(service: str, target: str, kind: str, request: "dict[str, Any]") -> "Any":
    body = json.dumps(request).encode()
    connection = CONNECTIONS.get(service)
    if connection is None:
        connection = CONNECTIONS[service] = connect()
    connection.request("POST", "/", body, signed(service, target, kind, body))
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise OSError(answer.status)
    return json.loads(content)


def dynamodb(operation: str, request: "dict[str, Any]") -> "Any":
    return call("dynamodb", f"DynamoDB_20120810.{operation}", "application/x-amz-json-1.0", request)


def signing_key(token: str) -> bytes:
    key = KEYS.get(token)
    if key is None:
        read = dynamodb("GetItem", {"TableName": CORE, "Key": {"pk": {"S": f"*#hook#{token}"}, "sk": {"S": "self"}}})
        hook = read["Item"]["data"]["M"]
        request = {
            "CiphertextBlob": hook["secret_ciphertexts"]["L"][0]["S"],
            "EncryptionContext": {"organization": hook["owner_id"]["S"], "purpose": "webhook"},
        }
        # Used as it came: decoding it would take a module more, and `x-floor-signature` is made with the same text.
        plain = call("kms", "TrentService.Decrypt", "application/x-amz-json-1.1", request)["Plaintext"]
        key = KEYS[token] = plain.encode()
    return key


def handler(event: "dict[str, Any]", context: object) -> "dict[str, Any]":
    headers = event["headers"]
    id, stamp, body = headers["webhook-id"], headers["webhook-timestamp"], event["body"]
    key = signing_key(event["pathParameters"]["token"])
    right = hmac.digest(key, f"{id}.{stamp}.{body}".encode(), "sha256").hex()
    fresh = abs(time.time() - int(stamp)) <= TOLERANCE_SECONDS
    if not (fresh and hmac.compare_digest(right, headers["x-floor-signature"])):
        return {"statusCode": 401, "body": ""}
    kind = json.loads(body)["type"]
    item = {"pk": {"S": f"inbox#{id}"}, "sk": {"S": "self"}, "type": {"S": kind}, "body": {"S": body}}
    request = {"TableName": TRAFFIC, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
    dynamodb("PutItem", request)
    return {"statusCode": 202, "body": json.dumps({"id": id})}
