"""Where product and floor are measured: one empty virtual environment, byte code as in a deployed layer, CA of our own.

Both run as `python -S` with an environment that holds nothing but what is listed here. `-E` is left out: it would make
the interpreter overlook PYTHONPATH and PYTHONHASHSEED, which fix what is found and make instruction counts repeat.
"""

import compileall
import datetime
import ipaddress
import py_compile
import shutil
import venv
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from moref.aws.wire import ROOTS
from tests.perf.sample import ROOT

PRODUCT = {"redirect": "redirect.handler", "intake": "crm_webhook.handler"}
FLOOR = {"redirect": "floor_redirect", "intake": "floor_intake"}


@dataclass(frozen=True)
class Place:
    """Everything under one folder. `ca` signed `certificate`, whose name is localhost."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "venv/bin/python"

    @property
    def subject(self) -> Path:
        return self.folder / "subject.py"

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def tls(self) -> tuple[Path, Path]:
        return self.folder / "server.pem", self.folder / "server.key"

    def environment(self, url: str) -> dict[str, str]:
        """As Lambda sets it; the session token is as long as a function's."""
        paths = [self.folder / name for name in ("layer", "functions", "floors")]
        return {
            "PYTHONPATH": ":".join(map(str, paths)),
            "PYTHONHASHSEED": "0",
            "AWS_ENDPOINT_URL": url,
            "AWS_CA_BUNDLE": str(self.ca),
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "ASIAEXAMPLEEXAMPLE00",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEXAMPLE" * 36,
            "STAGE": "prod",
            "CORE_TABLE": "moref-prod-core",
            "TRAFFIC_TABLE": "moref-prod-traffic",
            "BASE_URL": "https://go.moref.example",
        }

    def command(self, module: str, *words: str) -> list[str]:
        return [str(self.python), "-S", str(self.subject), module, *words]


def prepare(folder: Path) -> Place:
    """Builds the place anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    here = Place(folder)
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "layers/shared/python", folder / "layer", ignore=skip)
    for name in ("redirect", "crm_webhook"):
        shutil.copytree(ROOT / "functions" / name, folder / "functions" / name, ignore=skip)
    shutil.copytree(ROOT / "tests/perf/floors", folder / "floors", ignore=skip)
    shutil.copy(ROOT / "tests/perf/subject.py", here.subject)
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for name in ("layer", "functions", "floors"):
        if not compileall.compile_dir(folder / name, quiet=1, invalidation_mode=mode):
            raise ValueError(f"{name} does not compile; the lines above name the module")
    write_certificates(here)
    return here


def write_certificates(here: Place) -> None:
    """A CA that signs nothing else, and a server's certificate: P-256, as AWS's endpoints have."""
    now = datetime.datetime.now(datetime.UTC)
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Mo-ref benchmark CA")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        )

    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    signs = x509.KeyUsage(**usage | {"key_cert_sign": True, "crl_sign": True})
    ca = builder(ca_name, ca_key.public_key(), ca=True).add_extension(signs, critical=True)
    server = builder(name, key.public_key(), ca=False).add_extension(x509.SubjectAlternativeName(names), critical=False)
    pem = serialization.Encoding.PEM
    # Beside the roots that a deployed door reads, so that both sides read as many.
    here.ca.write_bytes(Path(ROOTS).read_bytes() + ca.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    here.tls[0].write_bytes(server.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    here.tls[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
