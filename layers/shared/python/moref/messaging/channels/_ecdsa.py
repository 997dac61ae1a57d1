"""Whether a public key signed something: ECDSA over SHA-256, as SendGrid's webhooks use it."""

import base64
import binascii


def signed_by(key: bytes, signature: str, signed: bytes) -> bool:
    """`key` is base64 of DER (SubjectPublicKeyInfo), `signature` base64 of DER; what is none of it signs nothing."""
    # Imported when called: the door that loads us starts without it.
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        public = load_der_public_key(base64.b64decode(key, validate=True))
        if not isinstance(public, EllipticCurvePublicKey):
            return False
        public.verify(base64.b64decode(signature, validate=True), signed, ECDSA(SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, binascii.Error):
        return False
    return True
