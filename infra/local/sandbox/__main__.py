"""`python -m infra.local.sandbox`: the desk, listening on loopback only."""

from __future__ import annotations

import threading

from infra.local.layout import Layout
from infra.local.sandbox.clock import Desk
from infra.local.sandbox.desk import DeskPages
from infra.local.sandbox.validate import Validator
from infra.local.sandbox.web import web_server


def main() -> None:
    layout = Layout.from_environment()
    validator = Validator()
    pages = DeskPages(Desk(layout.control_url, layout.clock_file), validator)
    threading.Thread(target=validator.warm, args=(("tremendous", "twilio"),), daemon=True).start()
    web_server(layout.desk_port, pages.answer).serve_forever()


main()
