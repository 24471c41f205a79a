"""Which gateway a connection has; settings that lead nowhere are said in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.gateways import (
    NotConnected,
    PropexoNotConfigured,
    find_gateway,
    open_gateway,
    open_property_gateway,
)
from integrations.models import Connection, WireContract
from integrations.operations.connections import add_connection
from integrations.pms.errors import NotFound
from integrations.pms.propexo_unified import UnifiedGateway
from integrations.pms.propexo_v1 import V1Gateway
from integrations.sandbox.server import running_sandbox
from portfolios.models import Property

KEY, URL = "px_test_1", "https://api.propexo.com"


@pytest.fixture
def configured(settings) -> None:
    settings.PROPEXO_API_KEY, settings.PROPEXO_BASE_URL = KEY, URL


@pytest.mark.parametrize(
    ("key", "url", "contract", "words"),
    [
        ("", URL, "auto", "no Propexo API key"),
        ("px test", URL, "auto", "not usable"),
        (KEY, "https://", "auto", "not usable"),
        (KEY, URL, "V2", "must be auto, unified or v1"),
    ],
)
def test_it_says_what_is_missing_or_malformed(settings, key, url, contract, words):
    settings.PROPEXO_API_KEY, settings.PROPEXO_BASE_URL = key, url
    settings.PROPEXO_CONTRACT = contract

    with pytest.raises(PropexoNotConfigured, match=words):
        open_gateway(Connection(propexo_connection_id="conn_1", pms="yardi_voyager"))
    with pytest.raises(PropexoNotConfigured, match=words):
        find_gateway(propexo_connection_id="conn_1")


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("kept", "forced", "kind"),
    [
        (WireContract.UNIFIED, "auto", UnifiedGateway),
        (WireContract.V1, "auto", V1Gateway),
        (WireContract.UNIFIED, "v1", V1Gateway),
        (WireContract.V1, "unified", UnifiedGateway),
    ],
)
def test_a_connection_speaks_the_contract_that_is_kept_on_it_unless_one_is_forced(
    settings, kept, forced, kind
):
    settings.PROPEXO_CONTRACT = forced
    connection = Connection(propexo_connection_id="conn_1", pms="yardi_voyager", contract=kept)
    assert type(open_gateway(connection)) is kind


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(("provider", "shown"), [("yardi_rest", "yardi_rest"), ("", "yardi")])
def test_the_interface_is_the_one_that_propexo_named(provider, shown):
    connection = Connection(
        propexo_connection_id="conn_1", pms="yardi_voyager", contract="v1", provider=provider
    )
    assert repr(open_gateway(connection)) == f"V1Gateway(Transport('{URL}'), 'conn_1', '{shown}')"


@pytest.mark.django_db
def test_a_property_has_the_gateway_of_its_connection(place):
    assert type(open_property_gateway(place)) is UnifiedGateway


@pytest.mark.django_db
def test_a_property_without_a_connection_has_none(cast, now):
    loose = Property.objects.create(portfolio=cast.portfolio, name="Loose", created_at=now)
    with pytest.raises(NotConnected, match="Loose is not connected"):
        open_property_gateway(loose)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("served", "forced", "kept"),
    [
        ("both", "auto", "v1"),
        ("v1", "auto", "v1"),
        ("unified", "auto", "unified"),
        ("both", "unified", "unified"),
        ("both", "v1", "v1"),
    ],
)
def test_the_contract_is_found_at_validation_and_kept(
    settings, tmp_path: Path, cast, now, served, forced, kept
):
    with running_sandbox(
        data_dir=tmp_path / "served", properties=1, units=1, contract=served
    ) as running:
        settings.PROPEXO_BASE_URL, settings.PROPEXO_API_KEY = running.base_url, running.api_key
        settings.PROPEXO_CONTRACT = forced
        made = add_connection(
            portfolio=cast.portfolio,
            propexo_connection_id="conn_001",
            pms="yardi_voyager",
            integration_id="",
            gateway=find_gateway(propexo_connection_id="conn_001"),
            by=cast.manager,
            now=now,
        )
        with pytest.raises(NotFound):
            find_gateway(propexo_connection_id="conn_nowhere")
    assert (made.contract, made.provider, made.checked_at) == (kept, "yardi", now)


def test_a_forced_contract_that_is_not_served_finds_nothing(settings, tmp_path: Path):
    with running_sandbox(
        data_dir=tmp_path / "served", properties=1, units=1, contract="unified"
    ) as running:
        settings.PROPEXO_BASE_URL, settings.PROPEXO_API_KEY = running.base_url, running.api_key
        settings.PROPEXO_CONTRACT = "v1"
        with pytest.raises(NotFound):
            find_gateway(propexo_connection_id="conn_001")
