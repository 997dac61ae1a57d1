"""What roles may do: named actions on named resources, and the promises that depend on what they may NOT do."""

from collections.abc import Iterator
from typing import Any

import pytest

from moref.kernel.env import CONTRACTS
from moref.kernel.names import STAGES
from tests.infra.template import Cloud, as_list

# (role's function, action) -> why a wildcard stands in the resource. Everything else is spelt out.
SCHEDULE_NAMES = "schedules are named when they are made; the wildcard stays inside our own group"
WILDCARDS = {
    (function, f"scheduler:{verb}Schedule"): SCHEDULE_NAMES
    for function in (
        "inbox_worker",
        "campaign_worker",
        "message_worker",
        "referral_worker",
        "lead_worker",
        "payout_worker",
        "bulk_worker",
    )
    for verb in ("Create", "Get", "Delete")
} | {("message_worker", "ses:GetAccount"): "tells the account's own sending rate and takes no resource"}
FILE_NAMES = "files are named when they are made; the wildcard stays inside our own bucket"
WILDCARDS |= {
    (function, f"s3:{verb}Object"): FILE_NAMES
    for function in ("api", "bulk_worker")
    for verb in ("Get", "Put", "Delete")
}
WILDCARDS |= {("pages", "s3:GetObject"): "logos are public; the wildcard stays at logos, of every organization"}
FILES = {
    stage: f":::moref-{stage}-files-{'000000000000' if stage == 'local' else '111122223333'}/*" for stage in STAGES
}
LEDGER_WRITERS = {"api", "bulk_worker", "inbox_worker", "referral_worker", "payout_worker"}


def _grants(cloud: Cloud, function: str) -> Iterator[tuple[str, str]]:
    """Every (action, resource) of a function's role."""
    for statement in cloud.statements(cloud.role_of(function)):
        assert statement["Effect"] == "Allow"
        for action in as_list(statement["Action"]):
            for resource in as_list(statement["Resource"]):
                yield action, resource


def _actions_on(cloud: Cloud, function: str, fragment: str) -> set[str]:
    return {action for action, resource in _grants(cloud, function) if fragment in resource}


def test_every_function_has_a_role_of_its_own_without_managed_policies(cloud: Cloud) -> None:
    roles = {cloud.role_of(name).id for name in CONTRACTS}
    assert len(roles) == len(CONTRACTS)
    for role in cloud.of("AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role.properties
    assert not [resource for resource in cloud.all if resource.type in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}]


def test_no_action_is_a_wildcard_and_resource_wildcards_have_a_reason(cloud: Cloud) -> None:
    used = set()
    for function in CONTRACTS:
        for action, resource in _grants(cloud, function):
            assert "*" not in action, (function, action)
            if "*" in resource:
                assert (function, action) in WILDCARDS, (function, action, resource)
                files = FILES[cloud.stage] + ("/logos/*" if function == "pages" else "")
                ours = resource.endswith((f":schedule/moref-{cloud.stage}-campaigns/*", files))
                assert ours or (resource == "*" and action == "ses:GetAccount")
                used.add((function, action))
    assert used == set(WILDCARDS), "an exception nobody needs any more"


FORGETS_LOOK_UPS = "bulk_worker"  # when a person is erased


def test_nobody_scans_deletes_or_administers(cloud: Cloud) -> None:
    allowed = {
        "dynamodb": {"GetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"},
        "streams": {"GetRecords", "GetShardIterator", "DescribeStream"},
    }
    for function in CONTRACTS:
        actions = {action.partition(":")[2] for action, _ in _grants(cloud, function) if action.startswith("dynamodb:")}
        extra = allowed["streams"] if function == "stream_router" else set()
        extra = extra | ({"DeleteItem"} if function == FORGETS_LOOK_UPS else set())
        assert actions <= allowed["dynamodb"] | extra, function


def test_only_look_ups_are_ever_deleted(cloud: Cloud) -> None:
    statements = [
        statement
        for statement in cloud.statements(cloud.role_of(FORGETS_LOOK_UPS))
        if "dynamodb:DeleteItem" in as_list(statement["Action"])
    ]
    assert len(statements) == 1
    assert as_list(statements[0]["Action"]) == ["dynamodb:DeleteItem"]
    assert all("-core" in resource for resource in as_list(statements[0]["Resource"]))
    keys = statements[0].get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys")
    assert keys == (None if cloud.stage == "local" else ["*#lookup#*"])


def test_the_ledger_is_append_only_and_for_those_who_move_money(cloud: Cloud) -> None:
    for function in CONTRACTS:
        actions = _actions_on(cloud, function, f"table/moref-{cloud.stage}-ledger")
        assert actions <= {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}, function
        assert bool(actions) is (function in LEDGER_WRITERS), function


@pytest.mark.parametrize(
    ("function", "core", "traffic"),
    [
        ("redirect", {"GetItem"}, {"PutItem"}),
        ("crm_webhook", {"GetItem"}, {"PutItem"}),
        ("vendor_webhook", {"GetItem"}, {"PutItem"}),
    ],
)
def test_doors_read_one_row_and_write_one_row(cloud: Cloud, function: str, core: set[str], traffic: set[str]) -> None:
    assert _actions_on(cloud, function, "-core") == {f"dynamodb:{each}" for each in core}
    assert _actions_on(cloud, function, "-traffic") == {f"dynamodb:{each}" for each in traffic}
    assert not _actions_on(cloud, function, "-ledger")
    assert not [action for action, _ in _grants(cloud, function) if action.startswith(("sqs:", "secretsmanager:"))]


def test_the_sweeper_and_the_router_reach_every_queue(cloud: Cloud) -> None:
    for function in ("sweeper", "stream_router"):
        sent_to = {resource for action, resource in _grants(cloud, function) if action == "sqs:SendMessage"}
        for name in ("inbox", "clicks", "campaigns", "steps", "messages", "referrals", "leads", "payouts", "bulk"):
            assert any(resource.endswith(f":moref-{cloud.stage}-{name}") for resource in sent_to), (function, name)


def test_only_the_scheduler_may_be_handed_a_role(cloud: Cloud) -> None:
    passed = []
    for function in CONTRACTS:
        for statement in cloud.statements(cloud.role_of(function)):
            if "iam:PassRole" in as_list(statement["Action"]):
                condition: dict[str, Any] = statement["Condition"]
                assert condition == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
                passed.append(statement["Resource"])
    assert set(passed) == {f"arn:aws:iam::111122223333:role/moref-{cloud.stage}-scheduler"}


def test_tenant_secrets_are_opened_only_with_an_encryption_context(aws_cloud: Cloud) -> None:
    statements = [
        statement
        for function in CONTRACTS
        for statement in aws_cloud.statements(aws_cloud.role_of(function))
        if any(action.startswith("kms:") for action in as_list(statement["Action"]))
    ]
    assert statements
    for statement in statements:
        assert statement["Condition"] == {"Null": {"kms:EncryptionContextKeys": "false"}}
