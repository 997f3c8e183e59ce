"""What can be measured is described completely."""

import pytest
from pydantic import ValidationError

from icans_risk.catalogue import Analyte, load_catalogue
from icans_risk.catalogue.load import read_entries
from icans_risk.cohort import MODALITIES

ENTRIES = list(load_catalogue().values())
NAMED_IN_THE_EVIDENCE = {
    "plasma": """crp ferritin ldh il6 il8 il10 il15 il1b il2 ifn_gamma gm_csf tnf mcp1 cxcl9 cxcl10
        ang1 ang2 vwf_antigen platelets neutrophils monocytes wbc haemoglobin fibrinogen d_dimer
        albumin creatinine bilirubin alt procalcitonin sil2r nfl gfap s100b car_t_cells
        car_t_copies aptt inr""",
    "csf": """protein albumin albumin_quotient wbc glucose il6 il8 il10 ifn_gamma mcp1 cxcl9 cxcl10
        nfl gfap s100b car_t_cells opening_pressure intracranial_pressure""",
    "eeg": """delta_relative theta_relative alpha_relative beta_relative delta_theta_alpha_ratio
        posterior_dominant_rhythm background_grade periodic_discharges rhythmic_delta seizure
        spectral_edge_95 asymmetry""",
    "imaging": """mri_abnormal ct_abnormal oedema flair_volume tumour_volume
        metabolic_tumour_volume suv_max midline_shift""",
    "clinical": """crs_grade temperature heart_rate respiratory_rate spo2 systolic_bp diastolic_bp
        oxygen_flow gcs moca_baseline""",
    "treatment": """tocilizumab siltuximab corticosteroid anakinra dexamethasone_mg levetiracetam
        vasopressor""",
}


def entry(**change: object) -> dict[str, object]:
    return {
        "name": "crp", "modality": "plasma", "label": "CRP", "unit": "mg/L",
        "accepted_units": {"mg/L": 1, "mg/dL": 10}, "hard_limits": (0, 1000),
        "turnaround_hours": 3, "leak_class": "safe",
        "sources": ({"text": "a source", "status": "read"},),
    } | change  # fmt: skip


def begins(analyte: Analyte, word: str) -> bool:
    return any(source.text.startswith(f"{word}: ") for source in analyte.sources)


def test_every_entry_is_of_a_known_modality_and_is_keyed_by_its_full_name() -> None:
    for name, analyte in load_catalogue().items():
        assert name == analyte.full_name
        assert analyte.modality in MODALITIES
    assert {analyte.modality for analyte in ENTRIES} == set(MODALITIES)


def test_all_that_the_evidence_names_is_there() -> None:
    named = {f"{m}.{name}" for m, names in NAMED_IN_THE_EVIDENCE.items() for name in names.split()}
    assert named <= set(load_catalogue())


@pytest.mark.parametrize("analyte", ENTRIES, ids=lambda analyte: analyte.full_name)
def test_every_figure_has_a_source_of_its_kind(analyte: Analyte) -> None:
    kinds = {"Reference", "Quantification", "Turnaround", "Direction", "Leak", "Limits"}
    others = {"Role", "Units", "Assays", "Alters", "Definition"}
    assert all(s.text.split(":")[0] in kinds | others for s in analyte.sources)
    assert begins(analyte, "Limits")
    assert begins(analyte, "Turnaround")
    assert begins(analyte, "Reference") or analyte.reference_range is None
    assert begins(analyte, "Quantification") or analyte.lloq is analyte.uloq is None
    assert begins(analyte, "Leak") == (analyte.leak_class != "safe")
    assert begins(analyte, "Direction") == (analyte.monotone != 0)
    assert begins(analyte, "Assays") == analyte.assay_dependent
    assert begins(analyte, "Alters") == analyte.alters_measurements


def test_a_label_stands_once_in_the_catalogue() -> None:
    labels = [analyte.label for analyte in ENTRIES]
    assert len(set(labels)) == len(labels)


def test_only_the_defensible_directions_are_held() -> None:
    directions = {a.full_name: a.monotone for a in ENTRIES if a.monotone}
    assert directions == {
        "plasma.crp": 1, "plasma.ferritin": 1, "plasma.il6": 1, "plasma.ldh": 1,
        "plasma.mcp1": 1, "plasma.platelets": -1, "clinical.temperature": 1,
    }  # fmt: skip


def test_what_platforms_disagree_on_is_marked() -> None:
    cytokines = "il6 il8 il10 il15 il1b gm_csf ifn_gamma mcp1 cxcl9 cxcl10 granzyme_b"
    nerve = "nfl gfap s100b"
    plasma = f"{cytokines} {nerve} il2 tnf sil2r ang1 ang2 svcam1 st2 tnfr1 pai1 d_dimer"
    named = {f"plasma.{name}" for name in plasma.split()}
    named |= {f"csf.{name}" for name in f"{cytokines} {nerve}".split()}
    named |= {"plasma.ang2_ang1_ratio", "plasma.nfl_for_age"}
    named |= {f"csf.{name}_plasma_ratio" for name in ("il6", "il8", "mcp1", "nfl")}
    # Sequences and scanners disagree on what has no unit.
    named |= {a.full_name for a in ENTRIES if a.name.startswith("lesion_intensity_")}
    assert {a.full_name for a in ENTRIES if a.assay_dependent} == named


def test_a_platform_of_an_assay_dependent_entry_is_found_but_not_listed() -> None:
    catalogue = load_catalogue()
    base, platform = catalogue["plasma.nfl"], catalogue["plasma.nfl@simoa_hd_x"]
    assert platform.full_name == "plasma.nfl@simoa_hd_x"
    assert platform.label == "Neurofilament light (simoa hd x)"
    named = {"name": base.name, "label": base.label}
    assert platform.model_copy(update=named) == base
    assert len(list(catalogue)) == len(catalogue) == len(ENTRIES)
    assert not any("@" in name for name in catalogue)


@pytest.mark.parametrize(
    "name",
    ["plasma.crp@ella", "plasma.none@ella", "plasma.nfl@", "plasma.nfl@Ella", "plasma.nfl@a.b",
     "plasma.nfl@a__b", "plasma.nfl@_a", "plasma.nfl@a@b", "@ella", ""],
)  # fmt: skip
def test_no_other_name_with_a_platform_is_found(name: str) -> None:
    assert name not in load_catalogue()
    with pytest.raises(KeyError):
        load_catalogue()[name]


def test_treatments_are_a_response_to_the_outcome_and_nothing_else_is() -> None:
    responses = {a.modality for a in ENTRIES if a.leak_class == "response_to_outcome"}
    assert responses == {"treatment"}
    assert all(a.leak_class == "response_to_outcome" for a in ENTRIES if a.modality == "treatment")


def test_drugs_that_damp_inflammation_alter_what_is_measured_after_them() -> None:
    assert {a.full_name for a in ENTRIES if a.alters_measurements} == {
        "treatment.tocilizumab", "treatment.siltuximab", "treatment.anakinra",
        "treatment.corticosteroid", "treatment.dexamethasone_mg",
        "treatment.methylprednisolone_mg", "treatment.tnf_inhibitor", "treatment.ruxolitinib",
    }  # fmt: skip


def test_what_the_grade_is_made_from_is_marked() -> None:
    parts = {a.full_name for a in ENTRIES if a.leak_class == "outcome_component"}
    assert parts == {
        "eeg.seizure", "eeg.ve_cam_s",
        "imaging.oedema", "imaging.midline_shift", "imaging.hydrocephalus",
        "imaging.oedema_volume", "imaging.oedema_mesh_volume", "imaging.oedema_diameter",
        "imaging.oedema_contrast", "imaging.oedema_normal_ratio", "imaging.ventricle_volume",
        "imaging.ventricle_share", "imaging.ventricle_asymmetry", "imaging.midline_shift_proxy",
        "clinical.gcs", "clinical.rass", "csf.opening_pressure", "csf.intracranial_pressure",
    }  # fmt: skip


def test_no_grade_of_the_outcome_is_an_event() -> None:
    clinical = {a.name for a in ENTRIES if a.modality == "clinical"}
    assert not {"icans_grade", "tian_grade", "ice_total", "capd_total"} & clinical


@pytest.mark.parametrize("analyte", [a for a in ENTRIES if a.loinc], ids=lambda a: a.full_name)
def test_a_loinc_code_ends_in_its_check_digit(analyte: Analyte) -> None:
    assert analyte.loinc is not None
    digits, check = analyte.loinc.code.split("-")
    # Luhn's sum, by which LOINC computes its check digit (LOINC users' guide, appendix C).
    doubled = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits))]
    assert (10 - sum(d // 10 + d % 10 for d in doubled) % 10) % 10 == int(check)


def test_the_catalogue_cannot_be_changed_by_those_who_share_it() -> None:
    crp = load_catalogue()["plasma.crp"]
    with pytest.raises(TypeError):
        load_catalogue()["plasma.crp"] = crp  # type: ignore[index]
    with pytest.raises(TypeError):
        crp.accepted_units["mg/dL"] = crp.accepted_units["mg/L"]  # type: ignore[index]
    with pytest.raises(ValidationError):
        crp.unit = "mg/dL"  # type: ignore[misc]
    assert load_catalogue() is load_catalogue()


def test_an_entry_survives_json() -> None:
    for analyte in ENTRIES:
        assert Analyte.model_validate_json(analyte.model_dump_json()) == analyte


@pytest.mark.parametrize(
    "change",
    [
        {"hard_limits": (5, 0)},
        {"hard_limits": (0, float("inf"))},
        {"soft_limits": (0, 2000)},
        {"soft_limits": (500, 100)},
        {"soft_limits": (0, 500), "reference_range": (None, 600)},
        {"reference_range": (10, 5)},
        {"lloq": 10, "uloq": 1},
        {"uloq": 5000},
        {"turnaround_hours": -1},
        {"turnaround_hours": "3"},
        {"monotone": 2},
        {"leak_class": "harmless"},
        {"scale": "square root"},
        {"loinc": {"code": "CRP", "status": "read"}},
        {"accepted_units": {"mg/dL": 10}},
        {"accepted_units": {"mg/L": 10}},
        {"accepted_units": {"mg/L": 1, "mg/dL": 0}},
        {"accepted_units": {"mg/L": 1, "mg/dL": -10}},
        {"accepted_units": {"mg/L": 1, "mg/dL": "10"}},
        {"sources": ()},
        {"sources": ("a source",)},
        {"sources": ({"text": "a source", "status": "heard"},)},
        {"colour": "red"},
        {"name": "CRP (mg)"},
    ],
    ids=str,
)
def test_a_wrong_entry_is_refused(change: dict[str, object]) -> None:
    Analyte.model_validate(entry())
    with pytest.raises(ValidationError):
        Analyte.model_validate(entry(**change))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("crp: {unit: a}\ncrp: {unit: b}", "line 1"),
        ("il6:\n  unit: a\n  label: b\n  unit: c", "line 2"),
        ("il6:\n  sources:\n    - {text: a, text: b}", "line 3"),
    ],
)
def test_a_key_that_stands_twice_is_refused(text: str, line: str) -> None:
    with pytest.raises(ValueError, match=rf"stands twice in the block at {line}\b"):
        read_entries(text, "plasma")
