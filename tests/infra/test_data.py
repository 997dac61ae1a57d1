"""What lasts: tables, key, secret, bucket."""

import pytest

from infra.constructs.permissions import TABLE_INDEXES
from moref.kernel import names
from tests.infra.template import Cloud, Resource


def _table(cloud: Cloud, name: str) -> Resource:
    return cloud.named("AWS::DynamoDB::Table", "TableName", f"moref-{cloud.stage}-{name}")


def test_three_tables_and_no_more(cloud: Cloud) -> None:
    found = {table.properties["TableName"] for table in cloud.of("AWS::DynamoDB::Table")}
    assert found == {f"moref-{cloud.stage}-{name}" for name in names.TABLES}


@pytest.mark.parametrize("name", names.TABLES)
def test_tables_stream_new_images_and_can_be_restored(cloud: Cloud, name: str) -> None:
    properties = _table(cloud, name).properties
    assert [key["AttributeName"] for key in properties["KeySchema"]] == ["pk", "sk"]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


@pytest.mark.parametrize("name", names.TABLES)
def test_tables_have_the_indexes_that_the_code_queries(cloud: Cloud, name: str) -> None:
    indexes = {
        index["IndexName"]: (tuple(key["AttributeName"] for key in index["KeySchema"]), index["Projection"])
        for index in _table(cloud, name).properties["GlobalSecondaryIndexes"]
    }
    assert set(indexes) == set(TABLE_INDEXES[name])
    for index, (keys, projection) in indexes.items():
        assert keys == names.INDEXES[index]
        assert projection["ProjectionType"] == ("KEYS_ONLY" if index == "pending" else "ALL")


def test_state_expires_and_the_ledger_never_does(cloud: Cloud) -> None:
    for name in (names.CORE, names.TRAFFIC):
        expiry = _table(cloud, name).properties["TimeToLiveSpecification"]
        assert expiry == {"AttributeName": names.TTL_ATTRIBUTE, "Enabled": True}
    assert "TimeToLiveSpecification" not in _table(cloud, names.LEDGER).properties


def test_data_in_aws_cannot_be_deleted_by_accident(aws_cloud: Cloud) -> None:
    for table in aws_cloud.of("AWS::DynamoDB::Table"):
        assert table.properties["DeletionProtectionEnabled"] is True
    for kind in ("DynamoDB::Table", "KMS::Key", "SecretsManager::Secret", "S3::Bucket", "Scheduler::ScheduleGroup"):
        for resource in aws_cloud.of(f"AWS::{kind}"):
            assert resource.policies["DeletionPolicy"] == "Retain", resource.id
            assert resource.policies["UpdateReplacePolicy"] == "Retain", resource.id
    for queue in aws_cloud.of("AWS::SQS::Queue"):
        assert queue.policies["DeletionPolicy"] == "Retain", queue.id


def test_local_data_goes_away_with_the_stack(clouds: dict[str, Cloud]) -> None:
    kept = [resource.id for resource in clouds["local"].all if resource.policies.get("DeletionPolicy") == "Retain"]
    assert kept == []


def test_the_tenant_key_rotates_and_the_secret_is_long(cloud: Cloud) -> None:
    [key] = cloud.of("AWS::KMS::Key")
    assert key.properties["EnableKeyRotation"] is True
    [secret] = cloud.of("AWS::SecretsManager::Secret")
    assert secret.properties["GenerateSecretString"]["PasswordLength"] == 64


def test_the_bucket_is_private(cloud: Cloud) -> None:
    [bucket] = cloud.of("AWS::S3::Bucket")
    assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}
