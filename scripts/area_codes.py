"""Writes shared/data/area-codes.txt: which state, province or country an area code of the North American plan is in.

The source is the PyPI package `phonenumbers` (Apache-2.0), a port of Google's libphonenumber: its geocoding data for
the United States and Canada, its metadata for the other countries. It is no dependency of this repository; to make the
file anew:

    pip install phonenumbers          # into a virtual environment of its own
    python scripts/area_codes.py

Overlays are not in that data: shared/data/area-code-overlays.txt is kept by hand.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import phonenumbers
from phonenumbers.geodata import GEOCODE_DATA
from phonenumbers.phonemetadata import PhoneMetadata

TARGET = Path(__file__).resolve().parents[1] / "shared" / "data" / "area-codes.txt"

STATES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO",
    "Connecticut": "CT", "Delaware": "DE", "Florida": "FL", "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID",
    "Illinois": "IL", "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA",
    "Maine": "ME", "Maryland": "MD", "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN", "Mississippi": "MS",
    "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH", "New Jersey": "NJ",
    "New Mexico": "NM", "New York": "NY", "North Carolina": "NC", "North Dakota": "ND", "Ohio": "OH",
    "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA", "Rhode Island": "RI", "South Carolina": "SC",
    "South Dakota": "SD", "Tennessee": "TN", "Texas": "TX", "Utah": "UT", "Vermont": "VT", "Virginia": "VA",
    "Washington D.C.": "DC", "Washington State": "WA", "West Virginia": "WV", "Wisconsin": "WI", "Wyoming": "WY",
}
# Where one area code serves several provinces or territories, together they count as one.
PROVINCES = {
    "Alberta": "AB", "British Columbia": "BC", "British Colombia": "BC", "Manitoba": "MB", "New Brunswick": "NB",
    "Newfoundland and Labrador": "NL", "Nova Scotia/Prince Edward Island": "NS-PE",
    "Northwest Territories/Nunavut/Yukon": "NT-NU-YT", "Ontario": "ON", "Quebec": "QC", "Saskatchewan": "SK",
}
BY_WORD = {word: ("US", code) for word, code in STATES.items()} | {
    code: ("US", code) for code in STATES.values()
}
BY_WORD |= {word: ("CA", code) for word, code in PROVINCES.items()} | {
    code: ("CA", code) for code in PROVINCES.values()
}


def described() -> dict[str, list[str]]:
    """The descriptions of each area code: of the whole area where there is one, else of its parts."""
    parts, wholes = defaultdict(list), {}
    for prefix, names in GEOCODE_DATA.items():
        if prefix.startswith("1") and len(prefix) >= 4 and "en" in names:
            parts[prefix[1:4]].append(names["en"])
            if len(prefix) == 4:
                wholes[prefix[1:]] = names["en"]
    return {area: [wholes[area]] if area in wholes else names for area, names in parts.items()}


def of_description(names: list[str]) -> tuple[str, str] | None:
    places = Counter(BY_WORD.get(name.rsplit(", ", 1)[-1]) for name in names)
    place, _ = places.most_common(1)[0]
    return place


def countries() -> dict[str, str]:
    """Area codes of the countries that have area codes of their own, by their leading digits."""
    found = {}
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1]:
        metadata = PhoneMetadata.metadata_for_region(region)
        if region not in ("US", "CA") and metadata.leading_digits:
            for area in range(200, 1000):
                if re.fullmatch(metadata.leading_digits, str(area)) is not None:
                    found[str(area)] = region
    # The leading digits of the Dominican Republic reach into the numbers behind 800.
    found |= {area: "DO" for area in ("809", "829", "849")}
    return found


def main() -> None:
    lines = defaultdict(list)
    foreign = countries()
    for area, names in sorted(described().items()):
        if area in foreign:
            continue
        place = of_description(names)
        if place is None:
            raise SystemExit(f"{area} is nowhere: {names}")
        lines[place].append(area)
    for area, country in foreign.items():
        lines[(country, "-")].append(area)
    first = ("US", "CA")
    order = sorted(lines, key=lambda place: (first.index(place[0]) if place[0] in first else 2, place))
    text = [
        "# Area codes of the North American numbering plan: country, state or province (- where there is none), codes.",
        "# Written by scripts/area_codes.py; do not edit.",
        f"# Source: phonenumbers {phonenumbers.__version__} on PyPI (Apache-2.0), from Google's libphonenumber; {date.today()}.",
    ]
    text += [" ".join((*place, *sorted(lines[place]))) for place in order]
    TARGET.write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
