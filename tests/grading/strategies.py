"""Random findings, as rows of a table and as what the scalar functions take."""

from typing import Any

from hypothesis import strategies as st

from icans_risk.grading import (
    ICE_ITEMS,
    UNABLE_TO_PERFORM,
    Consciousness,
    CrsDomain,
    CrsFindings,
    Domain,
    Hypotension,
    IcansFindings,
    Motor,
    Oxygen,
    Pressure,
    Sedation,
    Seizure,
    UncountedSign,
    score_ice,
)

WORDS = {
    "consciousness": Consciousness,
    "seizure": Seizure,
    "motor": Motor,
    "pressure": Pressure,
}
ATTRIBUTABLE = ("ice", "capd", *WORDS)
CRS_FOUND = ("fever", "hypotension", "oxygen")
Row = dict[str, Any]


def maybe(strategy):
    return st.none() | strategy


def words(vocabulary):
    return maybe(st.sampled_from([word.value for word in vocabulary]))


ICE_COLUMNS = st.one_of(
    st.just({}),
    st.builds(lambda total: {"ice_total": total}, st.integers(0, 10)),
    st.fixed_dictionaries(
        {f"ice_{item}": maybe(st.integers(0, points)) for item, points in ICE_ITEMS.items()}
    ),
)
CAPD_COLUMNS = st.one_of(
    st.builds(lambda total: {"capd_total": total}, st.integers(0, 32)),
    st.just({"capd_unable": True}),
)
OTHER_COLUMNS = st.fixed_dictionaries(
    {
        **{name: words(vocabulary) for name, vocabulary in WORDS.items()},
        **{
            f"{name}_attribution": maybe(st.sampled_from(["icans", "another cause"]))
            for name in ATTRIBUTABLE
        },
        **{sign.name.lower(): maybe(st.booleans()) for sign in UncountedSign},
        "cns_tumour": maybe(st.booleans()),
        "sedation": st.just(None) | st.just("not sedated") | words(Sedation),
        "ice_baseline": maybe(st.integers(0, 10)),
        "capd_baseline": maybe(st.integers(0, 32)),
        "last_grade": maybe(st.integers(0, 4)),
        "died_from_icans": st.sampled_from([None, False, False, False, True]),
    }
)


@st.composite
def icans_rows(draw) -> Row:
    return draw(OTHER_COLUMNS) | draw(ICE_COLUMNS | CAPD_COLUMNS)


def to_icans_findings(row: Row) -> IcansFindings:
    items = {item: row.get(f"ice_{item}") for item in ICE_ITEMS}
    has_items = any(value is not None for value in items.values())
    return IcansFindings(
        ice=score_ice(**items) if has_items else row.get("ice_total"),
        capd=UNABLE_TO_PERFORM if row.get("capd_unable") else row.get("capd_total"),
        **{name: row[name] for name in WORDS},
        uncounted_signs={sign for sign in UncountedSign if row[sign.name.lower()]},
        attributed_elsewhere=_attributed(row, "another cause"),
        attributed_to_icans=_attributed(row, "icans"),
        has_cns_tumour=bool(row["cns_tumour"]),
        sedation=row["sedation"] or Sedation.NONE,
        ice_baseline=row["ice_baseline"],
        capd_baseline=row["capd_baseline"],
        last_grade=row["last_grade"],
        died_from_icans=bool(row["died_from_icans"]),
    )


def _attributed(row: Row, cause: str) -> set[Domain]:
    return {Domain(name) for name in ATTRIBUTABLE if row[f"{name}_attribution"] == cause}


icans_findings = icans_rows().map(to_icans_findings)

crs_rows = st.fixed_dictionaries(
    {
        "temperature_c": maybe(st.sampled_from([36.5, 37.9, 38.0, 40.2])),
        "has_fever": maybe(st.booleans()),
        "hypotension": words(Hypotension),
        "oxygen": words(Oxygen),
        **{
            f"{name}_attribution": maybe(st.sampled_from(["crs", "another cause"]))
            for name in CRS_FOUND
        },
        "treated_for_crs": maybe(st.booleans()),
        "died_from_crs": st.sampled_from([None, False, False, True]),
    }
)


def to_crs_findings(row: Row) -> CrsFindings:
    elsewhere = {
        CrsDomain(name) for name in CRS_FOUND if row[f"{name}_attribution"] == "another cause"
    }
    return CrsFindings(
        temperature_c=row["temperature_c"],
        has_fever=row["has_fever"],
        hypotension=row["hypotension"],
        oxygen=row["oxygen"],
        attributed_elsewhere=elsewhere,
        treated_for_crs=bool(row["treated_for_crs"]),
        died_from_crs=bool(row["died_from_crs"]),
    )


crs_findings = crs_rows.map(to_crs_findings)
