from __future__ import annotations

import hashlib
import hmac

import pytest

from integrations.pms.signatures import find_signing_secret, sign, split_secrets

BODY = b'{"event":"sync.complete"}'
SECRETS = ("whsec_old_secret", "whsec_new_secret")


def test_a_signature_is_the_hex_hmac_of_the_bytes():
    expected = hmac.new(b"whsec_old_secret", BODY, hashlib.sha256).hexdigest()
    assert sign(BODY, secret="whsec_old_secret") == expected
    assert expected == expected.lower()


@pytest.mark.parametrize("number", [1, 2])
def test_the_secret_that_signed_is_found(number):
    signature = sign(BODY, secret=SECRETS[number - 1])
    assert find_signing_secret(BODY, signature=signature, secrets=SECRETS) == number


def test_a_body_altered_by_one_byte_is_refused():
    signature = sign(BODY, secret=SECRETS[0])
    altered = BODY.replace(b"sync", b"sinc")
    assert find_signing_secret(altered, signature=signature, secrets=SECRETS) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _signature: "",
        lambda signature: signature[:-1],
        lambda signature: signature + "0",
        lambda signature: "sha256=" + signature,
        lambda signature: signature.upper(),
        lambda _signature: "é" * 32,
        lambda _signature: "0" * 64,
    ],
)
def test_anything_but_the_bare_lower_case_hex_is_refused(spoil):
    signature = spoil(sign(BODY, secret=SECRETS[0]))
    assert find_signing_secret(BODY, signature=signature, secrets=SECRETS) is None


def test_no_secret_verifies_nothing():
    assert find_signing_secret(BODY, signature=sign(BODY, secret=""), secrets=()) is None


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("", ()),
        (" , ,", ()),
        ("whsec_one", ("whsec_one",)),
        (" whsec_one , whsec_two,", ("whsec_one", "whsec_two")),
    ],
)
def test_a_setting_holds_several_secrets(text, secrets):
    assert split_secrets(text) == secrets
