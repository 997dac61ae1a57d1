"""Tenant secrets under the platform's KMS key. The encryption context binds each to its organization and purpose, so a
ciphertext copied into another tenant's row does not open."""

from base64 import b64decode, b64encode

from moref.aws.clients import client, error_code

_NOT_OURS = {"InvalidCiphertextException", "IncorrectKeyException"}
MOST_CACHED = 1000


class KmsVault:
    """Secrets are up to 4 KB (KMS Encrypt's limit)."""

    def __init__(self, key_arn: str) -> None:
        self._key = key_arn
        self._opened: dict[tuple[str, str, str], bytes] = {}

    def seal(self, organization_id: str, purpose: str, secret: bytes) -> str:
        answer = client("kms").encrypt(
            KeyId=self._key, Plaintext=secret, EncryptionContext=context(organization_id, purpose)
        )
        return b64encode(answer["CiphertextBlob"]).decode()

    def open(self, organization_id: str, purpose: str, ciphertext: str) -> bytes:
        """Cached for the life of the environment. Raises KeyError when it was not sealed for this context."""
        wanted = (organization_id, purpose, ciphertext)
        if wanted not in self._opened:
            if len(self._opened) >= MOST_CACHED:
                self._opened.clear()
            self._opened[wanted] = self._decrypt(*wanted)
        return self._opened[wanted]

    def _decrypt(self, organization_id: str, purpose: str, ciphertext: str) -> bytes:
        from botocore.exceptions import ClientError

        try:
            blob = b64decode(ciphertext, validate=True)
            answer = client("kms").decrypt(
                KeyId=self._key, CiphertextBlob=blob, EncryptionContext=context(organization_id, purpose)
            )
        except ValueError:
            raise KeyError("not a sealed secret") from None
        except ClientError as error:
            if error_code(error) not in _NOT_OURS:
                raise
            raise KeyError("sealed under another context") from None
        return bytes(answer["Plaintext"])


def context(organization_id: str, purpose: str) -> dict[str, str]:
    """The encryption context; the doors' light client uses the same two names."""
    return {"organization": organization_id, "purpose": purpose}
