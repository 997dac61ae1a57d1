"""Delivering events: from stored rows to the queues of whoever hears them; for the stream router and the sweeper."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from moref.aws.log import failure, logger
from moref.aws.outbox import PARKED, Outbox
from moref.aws.queues import SqsQueues
from moref.aws.values import decode_map
from moref.kernel.errors import Malformed
from moref.kernel.names import CORE, PENDING_SHARDS, TRAFFIC
from moref.ports import Clock, Metrics
from moref.routing import Delivery, delivery
from moref.runtime import Runtime

LATE = timedelta(minutes=2)
MOST_PER_SHARD = 500  # in one round of the sweeper
CHUNK = 100


class BatchQueues(Protocol):
    def send_many(self, queue: str, messages: Sequence[Mapping[str, Any]]) -> set[int]: ...


class Waiting(Protocol):
    """What the router and sweeper need of the outbox."""

    def waiting(self, table: str, shard: str, before: Any, limit: int) -> list[dict[str, Any]]: ...
    def clear(self, table: str, key: tuple[str, str]) -> None: ...
    def park(self, table: str, key: tuple[str, str]) -> None: ...


class Router:
    """At least once: a crash between the send and the clearing sends again, and every consumer is harmless then."""

    def __init__(self, queues: BatchQueues, outbox: Waiting, metrics: Metrics, clock: Clock) -> None:
        self._queues = queues
        self._outbox = outbox
        self._metrics = metrics
        self._clock = clock

    def deliver(self, deliveries: Sequence[Delivery]) -> set[int]:
        """The places of those that did not reach every one of their queues."""
        failed: set[int] = set()
        for queue in sorted({queue for each in deliveries for queue in each.queues}):
            places = [place for place, each in enumerate(deliveries) if queue in each.queues]
            failed |= self._send(queue, places, [deliveries[place].message for place in places])
        for place, each in enumerate(deliveries):
            if place not in failed and each.pending:
                self._clear(each)
        return failed

    def _send(self, queue: str, places: Sequence[int], messages: Sequence[Mapping[str, Any]]) -> set[int]:
        try:
            return {places[index] for index in self._queues.send_many(queue, messages)}
        except Exception as error:  # noqa: BLE001  one queue's outage must not keep the others waiting
            logger().error("queue did not take events", extra={"queue": queue} | failure(error))
            return set(places)

    def _clear(self, each: Delivery) -> None:
        try:
            self._outbox.clear(each.table, each.key)
        except Exception as error:  # noqa: BLE001  it was delivered; the sweeper repeats both, which is harmless
            logger().error("pending was not cleared", extra=failure(error))
            self._metrics.count("pending_not_cleared")

    def route(self, records: Sequence[Mapping[str, Any]], table_of: Callable[[str], str]) -> list[str]:
        """A batch of stream records; the sequence numbers that failed. `table_of` maps a source ARN to names.TABLES."""
        deliveries: list[Delivery] = []
        numbers: list[str] = []
        failed: list[str] = []
        for record in records:
            number = str(record["dynamodb"]["SequenceNumber"])
            try:
                found = _of_record(record, table_of)
            except (Malformed, TypeError, ValueError, KeyError) as error:
                logger().error("stream record has no route", extra={"sequence": number} | failure(error))
                self._metrics.count("event_unroutable")
                failed.append(number)
                continue
            if found is not None:
                deliveries.append(found)
                numbers.append(number)
        failed += [numbers[place] for place in sorted(self.deliver(deliveries))]
        logger().info("routed", extra={"records": len(records), "events": len(deliveries), "failed": len(failed)})
        return failed

    def sweep(self) -> int:
        """Re-sends what has been pending for two minutes; how many went. The stream is the normal way, this the net."""
        before = self._clock.now() - LATE
        shards = [*(f"p{number}" for number in range(PENDING_SHARDS)), PARKED]
        sent = 0
        for table in (CORE, TRAFFIC):
            for shard in shards:
                rows = self._outbox.waiting(table, shard, before, MOST_PER_SHARD)
                late = [found for found in (self._routable(table, row) for row in rows) if found is not None]
                for start in range(0, len(late), CHUNK):
                    chunk = late[start : start + CHUNK]
                    sent += len(chunk) - len(self.deliver(chunk))
        if sent:
            self._metrics.count("events_resent", sent)
        return sent

    def _routable(self, table: str, row: Mapping[str, Any]) -> Delivery | None:
        try:
            return delivery(table, row)
        except Malformed as error:
            if row.get("pending") != PARKED:
                self._outbox.park(table, (row["pk"], row["sk"]))
                self._metrics.count("event_parked")
                logger().error("event parked", extra={"table": table, "row": row["pk"]} | failure(error))
            return None


def _of_record(record: Mapping[str, Any], table_of: Callable[[str], str]) -> Delivery | None:
    image = record["dynamodb"].get("NewImage")
    if record.get("eventName") != "INSERT" or image is None:
        return None
    return delivery(table_of(str(record["eventSourceARN"])), decode_map(image))


def router(runtime: Runtime) -> Router:
    """Over the real tables and queues of a function. Raises TypeError on a runtime of fakes: make a Router of them."""
    from moref.aws.dynamo import DynamoStore

    if not isinstance(runtime.store, DynamoStore) or not isinstance(runtime.queues, SqsQueues):
        raise TypeError("the router needs the AWS adapters")
    return Router(runtime.queues, Outbox(runtime.store.tables), runtime.metrics, runtime.clock)


def table_names(runtime: Runtime) -> Callable[[str], str]:
    """From a stream's ARN (`...:table/<table>/stream/...`) to CORE or TRAFFIC. The function raises KeyError."""
    known = {runtime.settings.core_table: CORE, runtime.settings.traffic_table: TRAFFIC}
    return lambda arn: known[arn.split("/")[1]]


def failures(numbers: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """A partial batch response for a stream; Lambda goes back to the lowest of them."""
    return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}
