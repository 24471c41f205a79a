"""The words that the sandbox's world is made of; every person and building here is invented."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Site:
    """A building's name and address, as its PMS writes them.

    Shape: `numbering` is "floors" (101), "wings" (A-101) or "letters" (1A).
    """

    name: str
    street: str
    city: str
    state: str
    zip_code: str
    numbering: str = "floors"
    knows_total_sqft: bool = True
    missing_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """The rooms and the rent of a type of flat.

    Units: square feet, dollars a month.
    """

    sqft: int
    bedrooms: int
    bathrooms: str
    rent: int


SITES = (
    Site("Maplewood Court Apartments", "1420 Kinney Ave", "Austin", "TX", "78704"),
    Site(
        "Harbor & Pine Lofts",
        "860-880 N Larrabee St",
        "Chicago",
        "IL",
        "60614-3127",
        numbering="wings",
        knows_total_sqft=False,
    ),
    Site(
        "The Gables at Putnam",
        "77 Putnam Ave",
        "Cambridge",
        "Massachusetts",
        "02139",
        numbering="letters",
        missing_codes=("RUBS",),
    ),
    Site("Riverbend Commons", "315 Neil Ave", "Columbus", "OH", "43215"),
    Site("Madrona Terrace", "1911 E Union St", "Seattle", "WA", "98122", numbering="wings"),
    Site("Capitol View Flats", "1055 Pennsylvania St", "Denver", "CO", "80203"),
    Site("Tower Bridge Residences", "620 Front St", "Sacramento", "CA", "95814"),
    Site("Peachtree Walk", "48 Ponce Row NE", "Atlanta", "GA", "30309", numbering="letters"),
    Site("Slabtown Station", "2210 NW Raleigh St", "Portland", "OR", "97209"),
    Site("Loring Greenway Homes", "1300 Spruce Pl", "Minneapolis", "MN", "55403"),
)

LOCKED_SITE = Site("Cumberland Row", "904 Demonbreun St", "Nashville", "TN", "37203")

# One plan per stack: all flats above each other are alike, as in most buildings.
FLOOR_PLANS = (
    FloorPlan(1240, 3, "2", 2650),
    FloorPlan(655, 1, "1", 1395),
    FloorPlan(655, 1, "1", 1395),
    FloorPlan(940, 2, "1.5", 1920),
    FloorPlan(480, 0, "1", 1120),
    FloorPlan(985, 2, "2", 2010),
    FloorPlan(985, 2, "2", 2010),
    FloorPlan(720, 1, "1", 1480),
    FloorPlan(720, 1, "1", 1480),
    FloorPlan(865, 2, "1", 1795),
    FloorPlan(480, 0, "1", 1120),
    FloorPlan(1310, 3, "2.5", 2795),
)

CHARGE_CODES = (
    ("RENT", "Rent", "4000-0000"),
    ("UTIL", "Utility reimbursement", "4410-0000"),
    ("RUBS", "RUBS allocation", "4415-0000"),
    ("ELEC", "Electricity", "4420-0000"),
    ("WATER", "Water", "4430-0000"),
    ("GAS", "Natural gas", "4440-0000"),
    ("SEWER", "Sewer", "4450-0000"),
    ("TRASH", "Trash removal", "4460-0000"),
    ("LATE", "Late fee", "4710-0000"),
)

# Who manages the properties of the connections that --pms adds.
PMS_COMPANIES = {
    "yardi": "Granite Hill Properties",
    "yardi_rest": "Summit Ridge Residential",
    "entrata": "Bluestem Communities",
    "realpage_rpx": "Harborview Partners",
    "realpage": "Cedar Street Holdings",
    "appfolio": "Juniper Property Group",
    "buildium": "Brickyard Rentals",
    "rentmanager": "Prairie Sky Management",
    "propertyware_rest": "Foxglove Homes",
    "propertyware": "Saltmarsh Realty",
    "rentvine": "Vineyard Row Rentals",
    "resman": "Copperleaf Living",
    "mri": "Ashford Estates",
}

FIRST_NAMES = (
    "Amara", "André", "Beatriz", "Björn", "Camille", "Chidi", "Dae-jung", "Deborah", "Eleni",
    "Emeka", "Fatima", "Francesca", "George", "Grace", "Hana", "Héctor", "Ingrid", "Ivan", "Jamal",
    "Joanna", "José", "Kavya", "Kwame", "Leïla", "Liam", "Mariana", "Mei", "Nadia", "Noah",
    "Olivia", "Omar", "Priya", "Quentin", "Renée", "Rosa", "Samuel", "Siobhán", "Tariq", "Thomas",
    "Uma", "Valeria", "Walter", "Ximena", "Yusuf", "Zoë",
)  # fmt: skip

LAST_NAMES = (
    "Abernathy", "Achebe", "Alvarez", "Bianchi", "Brown", "Carter", "Castañeda", "Chen", "D'Angelo",
    "Dubois", "Eriksson", "Fitzgerald", "García", "Gonçalves", "Haddad", "Hernández", "Ibrahim",
    "Ivanova", "Johnson", "Kim", "Kowalski", "Lee", "López", "Mbeki", "Miller", "Müller", "N'Diaye",
    "Nguyễn", "Núñez", "O'Brien", "O'Connor", "Okafor", "Patel", "Quiñones", "Rossi", "Santos",
    "Schmidt", "Smith-Jones", "St. Clair", "Tanaka", "Thompson", "Usman", "Van der Berg",
    "Washington", "Williams", "Yamamoto", "Zieliński",
)  # fmt: skip

PROVIDERS = (
    "appfolio",
    "buildium",
    "entrata",
    "mri",
    "propertyware",
    "realpage",
    "rentmanager",
    "rentvine",
    "resman",
    "yardi",
)
