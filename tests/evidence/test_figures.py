"""What the YAML files hold, against the numbers of the evidence documents."""

import re
from importlib.resources import files

import pytest

from icans_risk.evidence import load_evidence
from icans_risk.evidence.reading import read_sources
from icans_risk.evidence.registry import FILES

FIGURES = load_evidence()

# Literals, copied from the documents and not from the files under test.
# key, value, (low, high) or None, n, scale, status
SPOT_CHECKS = [
    ("icans_any.axi_cel.lbcl", 0.55, (0.53, 0.58), 1297, "ASTCT", "assumed"),
    ("icans_any.axi_cel.lbcl.cibmtr_533", 0.58, None, 533, "ASTCT", "read"),
    ("icans_grade3.axi_cel.lbcl", 0.24, (0.19, 0.33), 1297, "ASTCT", "assumed"),
    ("icans_any.axi_cel.lbcl.zuma_1", 0.87, None, 108, "CTCAE", "read"),
    ("crs_any.axi_cel.lbcl.zuma_1", 0.94, None, 108, "Lee", "read"),
    ("icans_any.mixed.lbcl", 0.43, None, 1916, "ASTCT", "read"),
    ("icans_any.brexu_cel.mcl", 0.62, (0.57, 0.66), 476, "ASTCT", "read"),
    ("icans_grade3.brexu_cel.mcl", 0.30, (0.26, 0.34), 476, "ASTCT", "read"),
    ("icans_grade5.brexu_cel.mcl", 0.02, None, 476, "ASTCT", "read"),
    ("icans_grade3.brexu_cel.all_adult", 0.288, None, 292, "ASTCT", "read"),
    ("icans_any.tisa_cel.all_paediatric", 0.222, None, 703, "ASTCT", "read"),
    ("crs_grade3.tisa_cel.all_paediatric", 0.164, None, 703, "ASTCT", "read"),
    ("crs_grade3.tisa_cel.all_paediatric.eliana", 0.49, None, 68, "Penn", "read"),
    ("icans_any.tisa_cel.lbcl", 0.18, (0.14, 0.20), 155, "ASTCT", "read"),
    ("icans_grade3.tisa_cel.lbcl", 0.05, (0.0, 0.06), 155, "ASTCT", "read"),
    ("icans_grade3.liso_cel.lbcl", 0.10, None, 323, "ASTCT", "assumed"),
    ("icans_any.liso_cel.cll", 0.45, None, 117, "CTCAE", "read"),
    ("icans_any.ide_cel.mm.karmma", 0.28, None, 127, "CTCAE", "read"),
    ("icans_any.cilta_cel.mm", 0.14, None, 236, "ASTCT", "read"),
    ("icans_grade3.obe_cel.all_adult", 0.071, None, 127, "ASTCT", "read"),
    ("crs_grade3.obe_cel.all_adult", 0.024, None, 127, "ASTCT", "read"),
    ("icans_onset.axi_cel.lbcl", 5, None, 100, "none", "read"),
    ("icans_onset.liso_cel.cll", 7, (4, 11), 117, "none", "read"),
    ("icans_duration.brexu_cel.mcl", 8, (1, 98), 476, "none", "read"),
    ("lag.crs_to_icans", 3, (2, 4), 84, "none", "read"),
    ("lag.icans_onset_to_peak", 1, (0, 2), 84, "none", "read"),
    ("new_onset_after_day_14.icans.cd19", 0.007, None, 475, "none", "read"),
    ("new_onset_after_day_14.icans.bcma", 0.016, None, 129, "none", "read"),
    ("age.icans.hr", 1.03, None, 1916, "ASTCT", "read"),
    ("easix.severe_crs_or_icans.or", 1.72, (1.26, 2.46), 214, "mixed", "read"),
    ("eeg.baseline_abnormal", 0.117, None, 68, "none", "read"),
    ("eeg.baseline_abnormal.icans.hr", 5.8, (2.6, 12.9), 68, "none", "read"),
    ("testing_rate.mri.icans", 0.78, None, 91, "none", "read"),
    ("testing_rate.lp.icans", 0.47, None, 91, "none", "read"),
    ("testing_rate.eeg.icans", 0.56, None, 91, "none", "read"),
    ("ct.abnormal.icans", 0.054, None, 37, "none", "read"),
    ("mri.abnormal.icans", 0.379, None, 29, "none", "read"),
    ("csf.protein_50.icans", 0.694, None, 36, "none", "read"),
    ("eeg.gpd.icans", 0.30, None, 82, "none", "read"),
    ("fibrinogen.nadir_day", 11, (5, 27), None, "none", "read"),
    ("nfl_baseline.icans", 87.6, None, 30, "none", "read"),
    ("nfl_baseline.no_icans", 29.4, None, 30, "none", "read"),
    ("nfl_baseline.auc.butt", 0.96, None, 30, "none", "read"),
    ("kinetics.plasma.il6.peak_grade3", 800, None, None, "none", "assumed"),
    ("kinetics.plasma.ferritin.peak_grade0_2", 1200, None, None, "none", "assumed"),
    ("kinetics.plasma.vwf_antigen.log_sd", 0.35, None, None, "none", "assumed"),
    ("kinetics.csf.protein.baseline", 35, None, None, "none", "assumed"),
    ("car_t.stein.tmax", 9.3, None, 90, "none", "read"),
    ("car_t.stein.fb", 0.0079, None, 90, "none", "read"),
    ("car_t.peak_day.cilta_cel", 13, None, None, "none", "read"),
    ("lloq.nfl.plasma", 4.9, None, None, "none", "read"),
    ("turnaround.il6.arup", 2.5, (1, 4), None, "none", "read"),
    ("turnaround.nfl.ottawa", 32, None, None, "none", "read"),
    ("il6.after_tocilizumab.fold", 10, (5, 20), None, "none", "assumed"),
    ("icans_grade3_by_prophylaxis.axi_cel.lbcl.cohort_3", 0.41, None, None, "CTCAE", "read"),
    ("tocilizumab.axi_cel.lbcl", 0.62, None, 275, "none", "read"),
    ("toxicity.gd2.intravenous_1_over_ventricular", 2.89, (1.65, 5.06), None, "none", "read"),
    ("tian.any.gd2", 1.0, None, 11, "none", "read"),
    ("icans_any.gd2.intracerebroventricular", 0.0, None, 9, "none", "read"),
]


@pytest.mark.parametrize(("key", "value", "interval", "n", "scale", "status"), SPOT_CHECKS)
def test_a_figure_is_what_its_source_prints(key, value, interval, n, scale, status) -> None:
    figure = FIGURES[key]
    ends = None if figure.interval is None else (figure.interval.low, figure.interval.high)
    assert (figure.value, ends) == (value, interval)
    assert (figure.n, figure.scale, figure.status) == (n, scale, status)


@pytest.mark.parametrize(
    ("key", "field", "value"),
    [
        ("age.icans.hr", "doi", "10.1016/j.bneo.2025.100187"),
        ("easix.severe_crs_or_icans.or", "doi", "10.3389/fimmu.2022.877477"),
        ("eeg.baseline_abnormal.icans.hr", "doi", "10.1007/s00415-025-13102-3"),
        ("lag.crs_to_icans", "pmc", "PMC10828176"),
        ("icans_any.liso_cel.cll", "pmc", "PMC11753452"),
        ("fibrinogen.nadir_day", "pmc", "PMC7479945"),
        ("icans_any.cilta_cel.mm", "journal", "Blood"),
        ("icans_any.cilta_cel.mm", "year", 2025),
    ],
)
def test_a_source_is_the_one_that_printed_the_figure(key, field, value) -> None:
    assert getattr(FIGURES[key].source, field) == value


def test_every_figure_has_a_source_and_a_status() -> None:
    assert len(FIGURES) > 700
    for key, figure in FIGURES.items():
        assert figure.key == key
        assert figure.source.citation.startswith(figure.source.authors)
        assert figure.status in {"read", "assumed"}


def test_proportions_and_intervals_are_possible() -> None:
    for figure in FIGURES.values():
        if figure.quantity in {"proportion", "auc"}:
            assert 0 <= figure.value <= 1, figure.key
        if figure.interval is not None:
            assert figure.interval.low <= figure.value <= figure.interval.high, figure.key


def test_a_doi_has_its_form_wherever_there_is_one() -> None:
    dois = {f.source.doi for f in FIGURES.values()} - {None}
    assert len(dois) > 10
    assert all(re.fullmatch(r"10\.\d{4,9}/\S+", doi) for doi in dois)


def test_no_two_figures_have_the_same_label_and_population() -> None:
    named = [(f.label, f.population, f.quantity) for f in FIGURES.values()]
    assert sorted({item for item in named if named.count(item) > 1}, key=str) == []


def test_a_severe_rate_is_not_above_the_rate_of_any_grade() -> None:
    pairs = [
        (FIGURES[key.replace("_grade3.", "_any.", 1)], figure)
        for key, figure in FIGURES.items()
        if "_grade3." in key and key.replace("_grade3.", "_any.", 1) in FIGURES
    ]
    assert len(pairs) > 40
    assert [severe.key for any_grade, severe in pairs if severe.value > any_grade.value] == []


def test_the_arms_of_the_generator_have_icans_and_crs_as_checks() -> None:
    arms = [
        "axi_cel.lbcl", "brexu_cel.mcl", "brexu_cel.all_adult", "tisa_cel.all_paediatric",
        "tisa_cel.lbcl", "tisa_cel.fl", "liso_cel.lbcl", "liso_cel.cll", "ide_cel.mm",
        "cilta_cel.mm", "obe_cel.all_adult",
    ]  # fmt: skip
    for arm in arms:
        for measure in ("icans_any", "icans_grade3", "crs_any", "crs_grade3"):
            assert FIGURES[f"{measure}.{arm}"].tolerance is not None, (measure, arm)


def test_grades_four_and_five_are_hard_targets_only_where_they_were_read() -> None:
    checked = {
        key for key, f in FIGURES.items()
        if key.startswith(("icans_grade4.", "icans_grade5.")) and f.tolerance is not None
    }  # fmt: skip
    assert checked == {
        "icans_grade4.brexu_cel.mcl", "icans_grade5.brexu_cel.mcl", "icans_grade4.liso_cel.cll",
    }  # fmt: skip


def test_every_file_of_the_room_is_read() -> None:
    found = {path.name for path in files("icans_risk.evidence").iterdir()}
    assert {name for name in found if name.endswith(".yaml")} == {
        "sources.yaml", *(f"{name}.yaml" for name in FILES)
    }  # fmt: skip


def test_every_source_is_used() -> None:
    text = (files("icans_risk.evidence") / "sources.yaml").read_text(encoding="utf-8")
    assert set(read_sources(text)) == {figure.source.name for figure in FIGURES.values()}
