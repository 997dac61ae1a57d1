"""Files of organizations in the platform's one private bucket; people reach them by signed forms and links only."""

import re
from collections.abc import Sequence
from datetime import timedelta

from moref.aws.clients import client, error_code
from moref.ports import FileInfo, Upload

_KEY = re.compile(r"org_[A-Za-z0-9_]+/[a-z_]+/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_PREFIX = re.compile(r"org_[A-Za-z0-9_]+/([a-z_]+/([A-Za-z0-9_./-]*))?")
_NOT_THERE = {"404", "NoSuchKey", "NotFound"}
DELETE_AT_ONCE = 1000  # what DeleteObjects takes


def checked(key: str) -> str:
    """Raises ValueError on a key that is not `<organization_id>/<kind>/<name>`."""
    if not _KEY.fullmatch(key) or ".." in key:
        raise ValueError("not the key of an organization's file")
    return key


def checked_prefix(prefix: str) -> str:
    """Raises ValueError unless the prefix stays inside one organization."""
    if not _PREFIX.fullmatch(prefix) or ".." in prefix:
        raise ValueError("not inside one organization")
    return prefix


class S3Files:
    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def upload_form(self, key: str, *, content_type: str, max_bytes: int, lifetime: timedelta) -> Upload:
        form = client("s3").generate_presigned_post(
            self._bucket,
            checked(key),
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, max_bytes]],
            ExpiresIn=int(lifetime.total_seconds()),
        )
        return Upload(form["url"], dict(form["fields"]))

    def download_link(self, key: str, *, filename: str, lifetime: timedelta) -> str:
        quoted = filename.replace("\\", "").replace('"', "")
        wanted = {
            "Bucket": self._bucket,
            "Key": checked(key),
            "ResponseContentDisposition": f'attachment; filename="{quoted}"',
        }
        link: str = client("s3").generate_presigned_url(
            "get_object", Params=wanted, ExpiresIn=int(lifetime.total_seconds())
        )
        return link

    def put(self, key: str, body: bytes, *, content_type: str) -> None:
        client("s3").put_object(Bucket=self._bucket, Key=checked(key), Body=body, ContentType=content_type)

    def get(self, key: str) -> bytes | None:
        from botocore.exceptions import ClientError

        try:
            answer = client("s3").get_object(Bucket=self._bucket, Key=checked(key))
            body: bytes = answer["Body"].read()
        except ClientError as error:
            if error_code(error) in _NOT_THERE:
                return None
            raise
        return body

    def head(self, key: str) -> FileInfo | None:
        from botocore.exceptions import ClientError

        try:
            answer = client("s3").head_object(Bucket=self._bucket, Key=checked(key))
        except ClientError as error:
            if error_code(error) in _NOT_THERE:
                return None
            raise
        return FileInfo(int(answer["ContentLength"]), str(answer.get("ContentType", "")))

    def keys(self, prefix: str) -> list[str]:
        pages = (
            client("s3").get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=checked_prefix(prefix))
        )
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []))

    def delete(self, keys: Sequence[str]) -> None:
        """Raises RuntimeError when S3 refused one of them."""
        for start in range(0, len(keys), DELETE_AT_ONCE):
            objects = [{"Key": checked(key)} for key in keys[start : start + DELETE_AT_ONCE]]
            answer = client("s3").delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
            if answer.get("Errors"):
                raise RuntimeError(f"{len(answer['Errors'])} files could not be deleted")
