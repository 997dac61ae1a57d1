"""Tries the credentials of a CRM account with one call, before anything is kept."""

import json
from collections.abc import Mapping

from moref.intake.reader import CRM_PACKAGE, Reader
from moref.kernel import plugins
from moref.kernel.errors import BadInput, NeedsPerson, NotFound, Retry
from moref.runtime import Runtime


def check_credentials(runtime: Runtime, crm: str, secret: Mapping[str, str], *, field: str) -> None:
    """Raises BadInput (`field`) when the CRM refuses them; Retry or OutcomeUnknown when it gives no such answer."""
    base_url = json.loads(runtime.settings.vendor_urls).get(crm)
    client: Reader = plugins.load(CRM_PACKAGE, crm).client(secret, base_url)
    try:
        client.check()
    except NeedsPerson:
        raise BadInput("the CRM refuses these credentials", field=field) from None
    except NotFound:
        raise Retry("an answer that says nothing of the credentials") from None
