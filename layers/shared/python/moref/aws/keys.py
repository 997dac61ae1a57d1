"""The platform's secret and the keys derived from it, one for each purpose."""

import hashlib
import hmac

from moref.aws.clients import client


class SecretKeys:
    """`secret_arn` is in Secrets Manager; it is read once per environment, at the first use."""

    def __init__(self, secret_arn: str) -> None:
        self._arn = secret_arn
        self._secret: bytes | None = None

    def derive(self, purpose: str) -> bytes:
        """HMAC-SHA256 of the purpose: knowing one derived key tells nothing about another."""
        if self._secret is None:
            answer = client("secretsmanager").get_secret_value(SecretId=self._arn)
            self._secret = str(answer["SecretString"]).encode()
        return hmac.new(self._secret, purpose.encode(), hashlib.sha256).digest()
