"""`python -m infra.local.emulator`: one patched ministack, listening on loopback only.

Reads MOREF_LOCAL_DIR and MOREF_PORT_BASE. State is written when the process gets SIGTERM.
"""

from __future__ import annotations

import os
import tempfile
import threading

from infra.local.emulator.clock import EmulatorClock
from infra.local.layout import ACCOUNT, HOST, REGION, Layout


def _environment(layout: Layout) -> dict[str, str]:
    """What ministack and its workers read; a person's own AWS settings must not reach them."""
    return {
        "GATEWAY_PORT": str(layout.aws_port),
        "BIND_HOST": HOST,
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(layout.state / "aws"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(layout.state / "s3"),
        "TMPDIR": str(layout.temporary),
        # Idle workers are counted by the clock: a leap of a day would make every next call a cold start.
        "LAMBDA_WARM_TTL_SECONDS": "1000000000",
        # Both would listen on every interface, and twice on one machine.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "EMULATOR_CLOCK_FILE": str(layout.clock_file),
        "EMULATOR_FUNCTION_LOGS": str(layout.logs),
    }


def main() -> None:
    layout = Layout.from_environment()
    for path in (layout.state / "aws", layout.state / "s3", layout.temporary, layout.logs):
        path.mkdir(parents=True, exist_ok=True)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(_environment(layout))
    tempfile.tempdir = None
    clock = EmulatorClock(layout.clock_file)

    # ministack reads its environment while it is imported.
    from hypercorn.config import Config

    from infra.local.emulator.control import control_server
    from infra.local.emulator.patches import install_all

    install_all()
    # A stop need not wait 3 s for clients that merely keep their connections open.
    Config.graceful_timeout = 0.2
    threading.Thread(target=control_server(clock, layout.control_port).serve_forever, daemon=True).start()
    from ministack.app import main as serve

    serve()


main()
