"""The property management systems that can be connected through Propexo, and what each can do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Support(StrEnum):
    """How far a platform supports a feature."""

    YES = "yes"
    BETA = "beta"
    NO = "no"

    @property
    def label(self) -> str:
        """Give the word that people read."""
        return self.value.capitalize()


@dataclass(frozen=True, slots=True)
class Platform:
    """A property management system.

    Shape: `providers` are Propexo's own words for it, in small letters; some platforms have two
        interfaces and so two words.
    """

    key: str
    name: str
    providers: tuple[str, ...]
    property_import: Support = Support.YES
    unit_sync: Support = Support.YES
    lease_sync: Support = Support.YES
    charge_posting: Support = Support.YES


PLATFORMS: tuple[Platform, ...] = (
    Platform("yardi_voyager", "Yardi Voyager", ("yardi", "yardi_rest")),
    Platform("realpage", "RealPage", ("realpage", "realpage_rpx")),
    Platform("entrata", "Entrata", ("entrata",)),
    Platform("appfolio", "AppFolio", ("appfolio",)),
    Platform("buildium", "Buildium", ("buildium",)),
    Platform("rent_manager", "Rent Manager", ("rentmanager", "rent_manager")),
    Platform("mri", "MRI Software", ("mri",)),
    Platform("propertyware", "Propertyware", ("propertyware", "propertyware_rest")),
    Platform("rentvine", "RentVine", ("rentvine",), charge_posting=Support.BETA),
    Platform("resman", "Res-Man", ("resman",), charge_posting=Support.BETA),
)

_BY_KEY = {entry.key: entry for entry in PLATFORMS}
_BY_PROVIDER = {word: entry for entry in PLATFORMS for word in entry.providers}


class UnknownPlatform(LookupError):
    """The catalog has no platform under this key."""


def platform(key: str) -> Platform:
    """Find a platform by its key.

    Errors: UnknownPlatform.
    """
    try:
        return _BY_KEY[key]
    except KeyError:
        raise UnknownPlatform(f"There is no platform with the key {key!r}.") from None


def platform_of(*, provider: str) -> Platform | None:
    """Find a platform by Propexo's word for it; None for a word that the catalog does not know."""
    return _BY_PROVIDER.get(provider.strip().casefold())
