"""Every example of the document is sent, and its answer is to the letter what the document shows."""

import pytest

from moref.api.examples import examples
from moref.api.operation import Operation
from moref.api.routes import OPERATIONS
from tests.examples import executed

SHOWN = examples()


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.route in SHOWN], ids=lambda operation: operation.route
)
def test_an_example_brings_what_it_shows(operation: Operation) -> None:
    example, status = executed(operation)
    assert status == operation.status
    assert example == SHOWN[operation.route], "after a change that is meant: make examples"


def test_no_example_is_of_an_operation_that_is_gone() -> None:
    assert SHOWN.keys() <= {each.route for each in OPERATIONS}


def test_most_of_what_reads_and_most_of_what_takes_a_body_is_shown() -> None:
    """The rest needs a state that one call in a fresh world does not meet."""
    for some in ([each for each in OPERATIONS if each.method == "GET"], [each for each in OPERATIONS if each.body]):
        assert sum(each.route in SHOWN for each in some) > 0.55 * len(some)
