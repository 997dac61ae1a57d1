"""Where one local cloud keeps its files and which ports it listens on.

Everything of one cloud hangs on two values: a directory and a first port. Two clouds with different
values never meet, which is what lets tests run beside a cloud that a person has open.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_PORT_BASE = 4600
REGION = "us-east-1"
ACCOUNT = "000000000000"
API_ID = "moref001"
"""Fixed by the tag `ms-custom-id` of the HTTP API, so that the public address survives a redeploy."""
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Layout:
    """Paths and addresses of one local cloud."""

    directory: Path
    port_base: int
    enforce_iam: bool = True
    """The emulator checks signatures and lets functions do only what their roles allow."""

    @classmethod
    def from_environment(cls) -> Layout:
        directory = Path(os.environ.get("MOREF_LOCAL_DIR", ".local"))
        if not directory.is_absolute():
            directory = REPOSITORY / directory
        port_base = int(os.environ.get("MOREF_PORT_BASE", DEFAULT_PORT_BASE))
        return cls(directory, port_base)

    @property
    def front_port(self) -> int:
        return self.port_base

    @property
    def desk_port(self) -> int:
        return self.port_base + 1

    @property
    def aws_port(self) -> int:
        return self.port_base + 2

    @property
    def control_port(self) -> int:
        return self.port_base + 3

    @property
    def front_url(self) -> str:
        return f"http://{HOST}:{self.front_port}"

    @property
    def desk_url(self) -> str:
        return f"http://{HOST}:{self.desk_port}"

    @property
    def aws_url(self) -> str:
        return f"http://{HOST}:{self.aws_port}"

    @property
    def control_url(self) -> str:
        return f"http://{HOST}:{self.control_port}"

    @property
    def vendor_urls(self) -> dict[str, str]:
        """Base address of each outside system, as the functions get it in VENDOR_URLS."""
        return {
            "twilio": f"{self.desk_url}/twilio",
            "tremendous": f"{self.desk_url}/tremendous/api/v2",
            "crm": f"{self.desk_url}/crm",
            "sendgrid": f"{self.desk_url}/sendgrid",
            "smartmoving": f"{self.desk_url}/smartmoving",
            "sns": f"{self.desk_url}/sns",
            "stripe": f"{self.desk_url}/stripe",
        }

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def state(self) -> Path:
        return self.directory / "state"

    @property
    def pids(self) -> Path:
        return self.directory / "pids"

    @property
    def temporary(self) -> Path:
        return self.directory / "tmp"

    @property
    def assembly(self) -> Path:
        return self.directory / "cdk.out"

    @property
    def clock_file(self) -> Path:
        return self.state / "clock"

    @property
    def outputs_file(self) -> Path:
        return self.directory / "outputs.json"
