"""Small reference files, written by hand."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

ZIP_HEADER = "zip,city,state,county,county_fips,lat,lon"
UTILITY_HEADER = (
    "utility_key,commodity,name,state,ownership,eiaid,eiaid_match,pwsid,population_served,"
    "service_area_type,zip_count,source"
)
AREA_HEADER = "zip,commodity,utility_key,rank,confidence,source"
OPENEI_HEADER = "zip,eiaid,utility_name,state,service_type,ownership,comm_rate,ind_rate,res_rate"

ZIPS = (
    "78704,Austin,TX,Travis,48453,30.2428,-97.7658",
    "78755,Austin,TX,Travis,48453,30.3,-97.75",
    "78731,Austin,TX,Travis,48453,30.35,-97.77",
    "02139,Cambridge,MA,Middlesex,25017,42.3647,-71.1042",
    "98122,Seattle,WA,King,53033,47.6116,-122.3056",
    "80203,Denver,CO,Denver,08031,39.7313,-104.9811",
)
UTILITIES = (
    "tx-austin,electric,Austin Energy,TX,Municipal,1015,name,,,,40,hand-1",
    "ma-eversource,electric,Eversource,MA,Investor Owned,54913,name,,,,80,hand-1",
    "wa-scl,electric,Seattle City Light,WA,Municipal,16868,name,,,,30,hand-1",
    "wa-pse,electric,Puget Sound Energy,WA,Investor Owned,15500,name,,,,300,hand-1",
    "co-xcel,electric,Xcel Energy,CO,Investor Owned,15466,name,,,,200,hand-1",
    "co-xcel-gas,gas,Xcel Energy Gas,CO,Investor Owned,,,,,,200,hand-1",
    "pws-tx1,water,Austin Water,TX,,,,TX1,980000,Municipality,50,hand-w",
    "pws-tx2,water,Hill Country WSC,TX,,,,TX2,4000,Residential Area,3,hand-w",
)
AREAS = (
    "78704,electric,tx-austin,1,high,hand-1",
    "78755,electric,tx-austin,1,high,hand-1",
    "78731,electric,tx-austin,1,high,hand-1",
    "02139,electric,ma-eversource,1,high,hand-1",
    "98122,electric,wa-scl,1,medium,hand-1",
    "98122,electric,wa-pse,2,,hand-1",
    "80203,electric,co-xcel,1,high,hand-1",
    "80203,gas,co-xcel-gas,1,high,hand-1",
    "78704,water,pws-tx1,1,medium,hand-w",
    "78704,water,pws-tx2,2,,hand-w",
    "78731,water,pws-tx1,1,high,hand-w",
)
IOU = (
    "60614,4110,Commonwealth Edison Co,IL,Bundled,Investor Owned,0.09,0.05,0.13",
    "60614,4110,Commonwealth Edison Co,IL,Delivery,Investor Owned,0.04,0.02,0.07",
    "61240,12341,MidAmerican Energy Co,IL,Energy,Investor Owned,0.07,0.02,0",
    "61240,12341,MidAmerican Energy Co,IL,Bundled,Investor Owned,0.08,0.05,0.1",
    "94110,14328,Pacific Gas & Electric Co.,CA,Bundled,Investor Owned,0.1,0.1,0.2",
)
NON_IOU = (
    "94110,16612,City & County of San Francisco,CA,Bundled,Municipal,0.1,0.1,0",
    "2139,20481,Town of Somewhere,MA,Bundled,Municipal,0.1,0.1,0.2",
    "73344,19327,TXU Energy Retail,TX,Bundled,Retail Power Marketer,0.1,0.1,0.2",
    "37203,18642,Tennessee Valley Authority,TN,Bundled,Federal,0.05,0.05,0",
    "37203,13216,Nashville Electric Service,TN,Bundled,Municipal,0.1,0.1,0.1",
    "37203,13216,Nashville Electric Service,TN,Bundled,Municipal,0.2,0.2,0.2",
)


def write_csv(path: Path, header: str, rows: Sequence[str]) -> Path:
    """Write a file, packed where its name says so."""
    content = ("\n".join([header, *rows]) + "\n").encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_compact(
    folder: Path,
    *,
    zips: Sequence[str] = ZIPS,
    utilities: Sequence[str] = UTILITIES,
    areas: Sequence[str] = AREAS,
) -> list[Path]:
    """Write the three files of the compact set."""
    folder.mkdir(exist_ok=True)
    return [
        write_csv(folder / "zip_codes.csv", ZIP_HEADER, zips),
        write_csv(folder / "utilities.csv.gz", UTILITY_HEADER, utilities),
        write_csv(folder / "zip_utilities.csv", AREA_HEADER, areas),
    ]


def write_openei(
    folder: Path, *, iou: Sequence[str] = IOU, non_iou: Sequence[str] = NON_IOU
) -> list[Path]:
    """Write OpenEI's two files."""
    return [
        write_csv(folder / "iou_zipcodes_2023.csv", OPENEI_HEADER, iou),
        write_csv(folder / "non_iou_zipcodes_2023.csv", OPENEI_HEADER, non_iou),
    ]
