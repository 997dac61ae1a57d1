"""`dlq list | show QUEUE | redrive QUEUE | discard stream-router-failed`: messages that failed five times.

Messages hold ids and enums only, so they may be shown. A redrive is safe for every consumer (each re-reads state), but
pointless before the cause is mended: the messages come back.
"""

import argparse
from collections.abc import Iterator
from typing import Any

from infra.ops.desk import Desk, Refused, confirmed
from moref.aws.clients import error_code
from moref.kernel.names import QUEUES

STREAM = "stream-router-failed"  # holds places in a stream, not messages of a queue
_HOLD = 30  # seconds a shown message is hidden from others
_UNSUPPORTED = {"InvalidAction", "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"}


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    actions = verbs.add_parser("dlq", help="messages that failed five times").add_subparsers(required=True)
    actions.add_parser("list", help="how many wait in each dead-letter queue").set_defaults(run=_list)
    show = actions.add_parser("show", help="the messages themselves; they stay")
    show.add_argument("queue", choices=[*QUEUES, STREAM])
    show.add_argument("--limit", type=int, default=10)
    show.set_defaults(run=_show)
    redrive = actions.add_parser("redrive", help="send them back to their queue")
    redrive.add_argument("queue", choices=QUEUES)
    redrive.add_argument("--yes", action="store_true")
    redrive.set_defaults(run=_redrive)
    discard = actions.add_parser("discard", help="forget stream failures, once their rows are pending no more")
    discard.add_argument("queue", choices=[STREAM])
    discard.add_argument("--yes", action="store_true")
    discard.set_defaults(run=_discard)


def letters(queue: str) -> str:
    return queue if queue == STREAM else f"{queue}-dlq"


def depth(desk: Desk, queue: str) -> int:
    """About how many messages can be received now."""
    answer = desk.client("sqs").get_queue_attributes(
        QueueUrl=desk.queue_url(letters(queue)), AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def _list(desk: Desk, _: argparse.Namespace) -> int:
    found = {queue: depth(desk, queue) for queue in (*QUEUES, STREAM)}
    for queue, count in found.items():
        desk.say(f"{letters(queue):24} {count or '-'}")
    total = sum(found.values())
    desk.say(f"{total} in all" if total else "all empty")
    return 0


def _show(desk: Desk, options: argparse.Namespace) -> int:
    sqs, url = desk.client("sqs"), desk.queue_url(letters(options.queue))
    shown = 0
    for message in _received(desk, options.queue, options.limit):
        shown += 1
        desk.say(f"{message['MessageId']}  {message['Body']}")
        for name in ("ERROR_CODE", "ERROR_MESSAGE"):  # why EventBridge Scheduler could not deliver it
            if name in message.get("MessageAttributes", {}):
                desk.say(f"  {name}: {message['MessageAttributes'][name]['StringValue']}")
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    desk.say(f"{shown} shown, about {depth(desk, options.queue)} in the queue")
    return 0


def _redrive(desk: Desk, options: argparse.Namespace) -> int:
    count = depth(desk, options.queue)
    if not count:
        desk.say(f"{letters(options.queue)} is empty")
        return 0
    confirmed(options.yes, f"{count} messages would go back to {options.queue} and be worked on again.")
    try:
        # The destination is named: SQS knows no source for those that EventBridge Scheduler put there itself.
        desk.client("sqs").start_message_move_task(
            SourceArn=desk.queue_arn(letters(options.queue)), DestinationArn=desk.queue_arn(options.queue)
        )
    except desk.client("sqs").exceptions.ClientError as error:
        if error_code(error) not in _UNSUPPORTED:
            raise
        return _by_hand(desk, options.queue, count)
    desk.say(f"SQS is moving {count} messages to {options.queue}; `dlq list` shows what is left")
    return 0


def _by_hand(desk: Desk, queue: str, count: int) -> int:
    """Send, then delete: a crash in between leaves a message in both, which every consumer stands.

    Bounded by what was there at the start, so that messages which fail again at once are not moved in circles.
    """
    sqs, target = desk.client("sqs"), desk.queue_url(queue)
    moved = 0
    for message in _received(desk, queue, count):
        group = message.get("Attributes", {}).get("MessageGroupId")
        sqs.send_message(QueueUrl=target, MessageBody=message["Body"], **({"MessageGroupId": group} if group else {}))
        sqs.delete_message(QueueUrl=desk.queue_url(letters(queue)), ReceiptHandle=message["ReceiptHandle"])
        moved += 1
    desk.say(f"{moved} messages moved to {queue}")
    return 0


def _discard(desk: Desk, options: argparse.Namespace) -> int:
    count = depth(desk, options.queue)
    confirmed(
        options.yes, f"{count} notes of failed stream records would be deleted. Run `sweep` first: it sends them."
    )
    url = desk.queue_url(options.queue)
    gone = 0
    for message in _received(desk, options.queue, count):
        desk.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        gone += 1
    desk.say(f"{gone} deleted")
    return 0


def _received(desk: Desk, queue: str, most: int) -> Iterator[dict[str, Any]]:
    """Up to `most` different messages, hidden from others meanwhile; ends when a receive brings nothing new."""
    if most < 1:
        raise Refused("how many must be 1 or more")
    seen: set[str] = set()
    while len(seen) < most:
        answer = desk.client("sqs").receive_message(
            QueueUrl=desk.queue_url(letters(queue)),
            MaxNumberOfMessages=min(10, most - len(seen)),
            VisibilityTimeout=_HOLD,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        fresh = [message for message in answer.get("Messages", []) if message["MessageId"] not in seen]
        if not fresh:
            return
        seen |= {message["MessageId"] for message in fresh}
        yield from fresh
