"""Sixty-four bad inputs, what is done about each, and the tests that show it."""

import ast
import importlib.util
import multiprocessing
import re
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from packaging.specifiers import SpecifierSet

from icans_risk.cli import main
from icans_risk.cohort import EPISODES, EVENTS, MODALITIES, Cohort, check_table
from icans_risk.errors import CohortError
from icans_risk.features import FeatureSpecification, Measurement, Window, build_features
from icans_risk.models import make_model
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.pages import predict_episodes
from ingest.faulty import FAULTS

ROOT = Path(__file__).parents[1]
FAULT = "ingest/test_faulty.py::test_a_fault_is_found_where_it_is_and_handled_as_stated"


@dataclass(frozen=True)
class Shown:
    """What is done about a bad input.

    Attributes
    ----------
    words : str
        The input.
    actions : str
        E: a clear error, nothing written. Q: the row or episode is set aside and counted.
        W: a warning with its count. H: handled and counted or logged. A: no number.
    tests : tuple of str
        File under ``tests`` and name of each test that shows it.
    """

    words: str
    actions: str
    tests: tuple[str, ...]


def shown(words: str, actions: str, *tests: str) -> Shown:
    return Shown(words, actions, tests)


SHOWN: dict[int, Shown] = {
    1: shown(
        "a unit that is not the one stated, or none", "E", FAULT,
        "ingest/test_units.py::test_a_file_without_any_unit_for_an_analyte_is_refused_but_not_one"
        "_with_a_few_gaps",
        "ingest/test_unit_shift.py::test_a_site_in_another_unit_is_named_with_both_units",
        "ingest/test_exports.py::test_two_hundred_clean_cohorts_raise_no_alarm",
    ),
    2: shown(
        "names of units that mean the same or not quite", "HQ", FAULT,
        "ingest/test_units.py::test_known_pairs_are_converted",
        "ingest/test_units.py::test_every_accepted_unit_of_the_catalogue_leads_back_to_the"
        "_canonical_value",
    ),
    3: shown(
        "results beyond a limit of detection", "H",
        "ingest/test_values.py::test_a_number_is_read_and_keeps_the_direction_of_its_limit",
        "ingest/test_values.py::test_half_the_limit_stands_for_what_is_below_it_and_only_that",
        "ingest/test_values.py::test_what_is_printed_is_read_back",
    ),
    4: shown(
        "decimal commas and grouped thousands", "Q", FAULT,
        "ingest/test_values.py::test_what_could_be_misread_is_set_aside",
        "ingest/test_values.py::test_a_decimal_comma_mirrors_everything",
        "ingest/test_values.py::test_texts_of_a_site_without_a_decimal_sign_are_refused_with"
        "_their_number",
        "ingest/test_values.py::test_the_two_locales_are_mirrors",
    ),
    5: shown(
        "words instead of results", "HQE", FAULT,
        "ingest/test_values.py::test_a_known_word_is_a_missing_result_and_never_zero",
        "ingest/test_values.py::test_any_text_is_a_number_or_missing_or_set_aside",
        "cli/test_ingest.py::test_too_much_in_quarantine_is_refused_unless_lenient",
    ),
    6: shown(
        "two letters mu, full-width signs, superscripts", "HQ", FAULT,
        "ingest/test_unit_text.py::test_the_same_unit_is_known_in_other_writing",
        "ingest/test_unit_text.py::test_a_unit_that_only_looks_alike_is_not_read",
    ),
    7: shown(
        "identifiers that look like numbers or words", "HQ", FAULT,
        "ingest/test_files.py::test_identifiers_stay_as_they_are_in_every_kind_of_file",
        "ingest/test_infusions.py::test_identifiers_stay_as_they_are",
        "ingest/test_text.py::test_identifiers_stay_as_they_are",
        "ingest/test_parquet.py::test_identifiers_that_lost_digits_are_refused",
    ),
    8: shown(
        "lines wider or narrower than their header", "E", FAULT,
        "ingest/test_text.py::test_width_is_what_decides",
        "ingest/test_text.py::test_a_line_of_another_width_is_refused",
    ),
    9: shown(
        "a column name that stands twice", "E", FAULT,
        "ingest/test_text.py::test_a_header_that_does_not_fit_is_refused",
        "ingest/test_parquet.py::test_absent_and_doubled_columns_are_refused",
        "ingest/test_daily.py::test_a_bad_header_is_named",
    ),
    10: shown(
        "another delimiter", "E", FAULT,
        "ingest/test_text.py::test_another_delimiter_is_named",
    ),
    11: shown(
        "byte order marks, other encodings, line endings, NUL", "HE", FAULT,
        "ingest/test_text.py::test_any_line_ending_and_a_byte_order_mark_are_fine",
        "ingest/test_text.py::test_another_encoding_than_declared_is_refused",
        "ingest/test_text.py::test_nul_is_refused",
        "ingest/test_fuzz.py::test_a_damaged_file_gives_raw_results_or_a_clear_refusal",
    ),
    12: shown(
        "the same row twice", "H", FAULT,
        "ingest/test_versions.py::test_an_exact_copy_is_a_duplicate_of_the_first_row",
        "features/test_leakage.py::test_a_relation_holds",
    ),
    13: shown(
        "two results of one sample", "QW", FAULT,
        "ingest/test_versions.py::test_results_that_contradict_each_other_are_refused_with"
        "_their_copies",
        "ingest/test_versions.py::test_of_results_that_contradict_each_other_the_first_or_the"
        "_last_is_used",
    ),
    14: shown(
        "a result that was corrected later", "H", FAULT,
        "ingest/test_versions.py::test_corrected_results_are_versions_by_availability_not_by_row",
        "features/test_leakage.py::test_each_landmark_sees_the_version_that_was_known_then",
    ),
    15: shown(
        "available before it was collected", "QH", FAULT,
        "ingest/test_times.py::test_a_result_may_be_five_minutes_early_and_no_second_more",
    ),
    16: shown(
        "later than the export", "Q", FAULT,
        "ingest/test_times.py::test_what_cannot_be_dated_is_set_aside",
        "ingest/test_times.py::test_without_a_time_of_export_nothing_is_later_than_now",
    ),
    17: shown(
        "ages and times that cannot be", "QH", FAULT,
        "ingest/test_infusions.py::test_an_age_that_cannot_be_sets_the_episode_aside",
        "ingest/test_infusions.py::test_what_ends_before_the_infusion_sets_the_episode_aside",
        "ingest/test_meds.py::test_a_death_before_the_infusion_sets_the_episode_aside",
        "ingest/test_match.py::test_what_is_far_from_every_infusion_is_set_aside_once",
    ),
    18: shown(
        "before the infusion, and welcome", "H",
        "ingest/test_match.py::test_the_reach_includes_its_ends",
        "ingest/test_times.py::test_counts_since_infusion_are_read_as_text_and_as_numbers",
        "ingest/test_daily.py::test_a_day_before_infusion_is_negative_and_welcome",
        "test_bad_inputs.py::test_a_week_before_the_infusion_excludes_its_start_and_includes_its"
        "_end",
    ),
    19: shown(
        "no time of infusion", "QA", FAULT,
        "ingest/test_infusions.py::test_an_infusion_without_a_time_sets_its_episode_aside",
        "ingest/test_match.py::test_results_of_an_unusable_infusion_carry_its_reason",
        "serving/test_scoring.py::test_one_bad_patient_stops_nobody_else_and_is_not_repeated",
    ),
    20: shown(
        "two infusions of a patient", "E", FAULT,
        "ingest/test_infusions.py::test_two_rows_of_a_patient_need_an_episode_column",
        "ingest/test_match.py::test_relative_times_of_a_patient_with_two_infusions_are_ambiguous",
        "ingest/test_match.py::test_what_follows_the_second_infusion_belongs_to_it_alone",
    ),
    21: shown(
        "times with and without offset", "EH", FAULT,
        "ingest/test_infusions.py::test_a_naive_time_needs_a_zone",
        "ingest/test_moments.py::test_a_column_that_is_not_one_of_times_is_refused_as_a_whole",
        "ingest/test_times.py::test_calendar_times_are_hours_since_infusion",
    ),
    22: shown(
        "hours that clocks skip or repeat", "QH", FAULT,
        "ingest/test_moments.py::test_every_gap_and_overlap_is_that_of_the_time_zone",
        "ingest/test_times.py::test_an_ambiguous_time_is_the_later_one_and_flagged_on_either_clock",
    ),
    23: shown(
        "dates without a time, dates of another country", "HQE", FAULT,
        "ingest/test_moments.py::test_anything_else_is_unreadable",
        "ingest/test_times.py::test_a_date_is_the_end_of_its_local_day_on_both_clocks",
        "ingest/test_infusions.py::test_a_date_alone_is_no_infusion_time",
    ),
    24: shown(
        "days as a spreadsheet counts them", "EQ", FAULT,
        "ingest/test_moments.py::test_a_column_that_is_not_one_of_times_is_refused_as_a_whole",
        "ingest/test_moments.py::test_half_a_column_of_numbers_is_a_matter_of_rows",
    ),
    25: shown(
        "values from after the outcome", "H",
        "features/test_leakage.py::test_a_relation_holds",
        "workflow/test_develop.py::test_events_after_the_landmark_change_no_vector",
    ),
    26: shown(
        "grades that cannot be", "E", FAULT,
        "ingest/test_grades.py::test_what_is_no_grade_is_an_error_without_the_cell",
        "ingest/test_grades.py::test_onset_before_the_infusion_is_an_error",
        "ingest/test_grades.py::test_grade_five_is_a_grade",
    ),
    27: shown(
        "an outcome that is not known", "QW", FAULT,
        "test_outcome.py::test_a_missing_grade_is_not_grade_zero",
        "test_outcome.py::test_the_flow_accounts_for_every_episode",
        "workflow/test_develop.py::test_a_patient_with_unknown_outcome_is_explained_by_all_models",
    ),
    28: shown(
        "infinite numbers", "QEA", FAULT,
        "ingest/test_values.py::test_what_could_be_misread_is_set_aside",
        "ingest/test_values.py::test_typed_numbers_pass_through",
        "test_cohort.py::test_a_table_that_breaks_its_contract_is_refused",
        "test_bad_inputs.py::test_no_model_takes_an_infinite_number",
        "serving/test_scoring.py::test_one_bad_patient_stops_nobody_else_and_is_not_repeated",
    ),
    29: shown(
        "impossible and unusual values", "QW", FAULT,
        "ingest/test_limits.py::test_the_hard_limits_are_possible_and_one_step_outside_is_not",
        "ingest/test_limits.py::test_what_is_possible_is_unusual_only_outside_the_soft_limits",
    ),
    30: shown(
        "zero where a logarithm or a quotient is taken", "H",
        "features/test_scores.py::test_no_platelets_at_all_give_no_infinity",
    ),
    31: shown(
        "graded, and without any result", "W", FAULT,
        "ingest/test_exports.py::test_every_planted_fault_is_found_and_nothing_else",
        "ingest/test_sources.py::test_many_episodes_without_results_move_no_result_to_another",
        "test_cohort_folder.py::test_an_episode_without_events_and_grades_is_kept",
    ),
    32: shown(
        "results or grades of nobody, and nobody's grades", "W", FAULT,
        "ingest/test_match.py::test_rows_of_nobody_are_set_aside",
        "ingest/test_grades.py::test_assessments_of_nobody_are_left_out_and_counted",
    ),
    33: shown(
        "nothing known by the landmark", "A",
        "test_bad_inputs.py::test_whoever_has_no_data_before_the_landmark_gets_no_number",
        "report/test_patient_page.py::test_an_abstention_shows_its_reason_and_no_number_of"
        "_anybodys_risk",
    ),
    34: shown(
        "a whole modality that is missing", "HA",
        "test_bad_inputs.py::test_any_modalities_may_be_missing_without_touching_the_others",
        "ingest/test_profile.py::test_rare_patterns_of_modalities_are_one_and_episodes_without"
        "_any_are_told",
        "models/test_applicability.py::test_a_required_modality_must_be_there_and_an_optional_one_need_not",
        "serving/test_scoring.py::test_a_patient_without_any_value_gets_no_number",
    ),
    35: shown(
        "columns that are empty or constant", "H",
        "test_bad_inputs.py::test_empty_and_constant_columns_change_no_risk_of_the_trees",
    ),
    36: shown(
        "one class only", "E",
        "models/test_contract.py::test_one_class_is_refused_with_the_reason",
        "workflow/test_develop.py::test_a_cohort_without_the_endpoint_says_so",
        "test_splits.py::test_below_two_patients_of_either_outcome_there_is_no_split",
    ),
    37: shown(
        "one class in a fold", "H",
        "evaluation/test_resampling.py::test_the_fold_average_ignores_and_counts_folds_without_an"
        "_estimate",
        "evaluation/test_discrimination.py::test_one_outcome_only_is_not_estimable",
    ),
    38: shown(
        "fewer events than folds", "HE",
        "test_splits.py::test_fewer_events_than_folds_mean_fewer_folds_and_every_fold_has_an_event",
        "test_splits.py::test_below_two_patients_of_either_outcome_there_is_no_split",
    ),
    39: shown(
        "too few events for the parameters", "W",
        "evaluation/test_sample_size.py::test_a_sample_that_is_too_small_gets_a_plain_verdict",
        "workflow/test_develop.py::test_a_sample_this_small_is_called_too_small",
    ),
    40: shown(
        "a product that was never seen", "HA",
        "features/test_static.py::test_an_unseen_level_is_all_zeros_and_is_reported",
        "serving/test_scoring.py::test_an_unseen_product_is_not_answered_for",
    ),
    41: shown(
        "the same categories under other codes", "H",
        "test_bad_inputs.py::test_the_codes_behind_categories_mean_nothing",
    ),
    42: shown(
        "columns in another order", "HE",
        "models/test_contract.py::test_columns_are_matched_by_name",
        "test_bad_inputs.py::test_the_xgboost_that_drops_names_is_excluded",
        "models/test_applicability.py::test_rows_without_names_are_refused",
    ),
    43: shown(
        "a column more or less", "HE", FAULT,
        "models/test_contract.py::test_columns_are_matched_by_name",
        "ingest/test_faulty.py::test_a_further_column_of_an_export_changes_nothing",
    ),
    44: shown(
        "columns of odd types", "HE", FAULT,
        "test_bad_inputs.py::test_numbers_of_any_type_are_floats_and_anything_else_is_refused",
        "ingest/test_parquet.py::test_what_is_no_cell_is_refused",
    ),
    45: shown(
        "flipped bits in Parquet", "E",
        "ingest/test_parquet.py::test_no_flipped_bit_changes_a_cell_silently",
        "test_cohort_folder.py::test_no_flipped_bit_goes_unnoticed",
    ),
    46: shown(
        "Parquet that was cut", "E",
        "ingest/test_parquet.py::test_a_truncated_file_is_refused",
        "test_cohort_folder.py::test_a_truncated_file_is_named",
    ),
    47: shown(
        "text that was cut", "E", FAULT,
        "ingest/test_text.py::test_a_file_cut_anywhere_is_refused",
        "ingest/test_text.py::test_an_unended_last_line_is_refused_unless_something_vouches_for_it",
        "ingest/test_files.py::test_checksums_are_compared",
    ),
    48: shown(
        "output that was written by half", "E",
        "cli/test_ingest.py::test_a_full_disk_leaves_nothing_behind",
        "test_cohort_folder.py::test_nothing_is_left_of_a_writing_that_failed",
        "test_cohort_folder.py::test_a_half_written_folder_is_refused",
    ),
    49: shown(
        "a full disk, or no permission", "E",
        "cli/test_ingest.py::test_a_full_disk_leaves_nothing_behind",
        "report/test_write_pages.py::test_a_write_that_fails_leaves_nothing_behind",
    ),
    50: shown(
        "a damaged model file", "E",
        "models/test_tampering.py::test_no_changed_bit_and_no_shortened_file_is_read",
        "models/test_stored.py::test_a_truncated_file_is_refused",
        "models/test_stored.py::test_a_huge_file_is_refused_before_it_is_read",
        "models/test_stored.py::test_no_mutated_tree_crashes_the_process",
    ),
    51: shown(
        "many first users of one tracking store", "HE",
        "tracking/test_store.py::test_eight_processes_that_make_a_store_together_lose_nothing",
        "tracking/test_store.py::test_a_half_made_database_is_refused",
    ),
    52: shown(
        "many writers of one tracking store", "H",
        "test_bad_inputs.py::test_writers_at_the_same_time_lose_nothing",
    ),
    53: shown(
        "a run that was broken off", "H",
        "tracking/test_runs.py::test_a_failure_inside_a_run_closes_it_as_failed",
        "models/test_tuning.py::test_a_tuning_that_is_killed_thrice_ends_as_if_it_had_not_been",
        "tracking/test_stale.py::test_a_process_that_ends_in_the_middle_leaves_no_run_open",
        "tracking/test_stale.py::test_only_runs_of_processes_that_are_gone_are_closed",
    ),
    54: shown(
        "a tuning that goes on", "HE",
        "models/test_tuning.py::test_a_tuning_that_is_killed_at_each_of_twenty_trials_ends_as_if_it_had_not_been",
        "models/test_tuning.py::test_a_changed_search_space_is_refused",
    ),
    55: shown(
        "an interruption by the user", "E",
        "test_bad_inputs.py::test_an_interruption_is_one_line_and_exit_130",
        "test_cohort_folder.py::test_nothing_is_left_of_a_writing_that_failed",
        "models/test_tuning.py::test_an_interrupt_passes_through_and_costs_nothing",
    ),
    56: shown(
        "a model of another kind than the data", "EA",
        "serving/test_scoring.py::test_a_folder_of_an_earlier_version_is_refused",
        "serving/test_scoring.py::test_models_of_two_landmarks_score_each_at_its_own",
        "serving/test_scoring.py::test_a_model_of_synthetic_patients_says_nothing_about_real_ones",
    ),
    57: shown(
        "a model that is withdrawn or too old", "E",
        "serving/test_scoring.py::test_a_withdrawn_model_gives_no_numbers",
        "serving/test_score_files.py::test_a_model_that_was_withdrawn_refuses",
        "serving/test_scoring.py::test_a_folder_of_an_earlier_version_is_refused",
    ),
    58: shown(
        "a machine whose clock is wrong", "H",
        "test_bad_inputs.py::test_the_clock_of_the_machine_is_read_in_few_places_only",
        "workflow/test_develop.py::test_the_same_study_gives_the_same_numbers",
    ),
    59: shown(
        "a machine in another locale", "H",
        "ingest/test_files.py::test_the_locale_of_the_machine_does_not_matter",
        "ingest/test_values.py::test_words_are_known_in_any_case_even_if_a_turkish_machine"
        "_changed_it",
    ),
    60: shown(
        "unusual paths", "H",
        "ingest/test_files.py::test_any_path_works",
    ),
    61: shown(
        "very large inputs", "HE",
        "test_bad_inputs.py::test_two_million_results_fit_in_a_bounded_memory",
        "ingest/test_text.py::test_a_line_that_is_too_long_is_refused",
        "ingest/test_files.py::test_what_unpacks_to_too_much_is_refused",
    ),
    62: shown(
        "hostile text on a page", "H",
        "report/test_hostile_strings.py::test_a_known_trick_adds_no_element_and_no_attribute",
        "report/test_hostile_strings.py::test_no_string_adds_an_element_or_an_attribute",
    ),
    63: shown(
        "no patient, one patient", "EH", FAULT,
        "ingest/test_infusions.py::test_a_table_with_a_header_alone_is_refused",
        "ingest/test_sources.py::test_one_patient_is_a_cohort_and_its_report_is_strict_json",
    ),
    64: shown(
        "NaN in JSON", "H",
        "ingest/test_sources.py::test_one_patient_is_a_cohort_and_its_report_is_strict_json",
        "workflow/test_develop.py::test_the_summary_is_strict_json_and_says_what_it_is",
        "features/test_specification.py::test_json_has_no_word_for_infinity",
    ),
}  # fmt: skip

# Whoever builds a part takes its numbers out of here, and adds their tests above.
NO_SUCH_PART_YET: dict[str, dict[int, str]] = {
    "columns dropped before a fit": {35: "W: empty and constant columns are listed and left out"},
    "values cut for being later than the outcome": {25: "H: counted by patient"},
    "warnings about network drives": {52: "W: SQLite on a network drive"},
}


def mentions(word: str, *folder: str) -> bool:
    files = (ROOT / "src" / "icans_risk").joinpath(*folder).rglob("*.py")
    return any(re.search(word, file.read_text(encoding="utf-8")) for file in files)


def landmark_tells(word: str) -> bool:
    return any(word in name for name in LandmarkResult.__dataclass_fields__)


PARTS: dict[str, Callable[[], bool]] = {
    "columns dropped before a fit": lambda: landmark_tells("dropped"),
    "values cut for being later than the outcome": lambda: landmark_tells("cut"),
    "warnings about network drives": lambda: mentions(r"(?i)\bnfs\b", "tracking"),
}


def test_every_bad_input_is_shown_or_named_as_work_to_do() -> None:
    to_do = {number for numbers in NO_SUCH_PART_YET.values() for number in numbers}
    assert set(SHOWN) | to_do == set(range(1, 65))
    assert all(entry.tests and set(entry.actions) <= set("EQWHA") for entry in SHOWN.values())
    assert PARTS.keys() == NO_SUCH_PART_YET.keys()


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_there_has_its_tests_above(part: str) -> None:
    assert not PARTS[part](), f"move {sorted(NO_SUCH_PART_YET[part])} to SHOWN, with their tests"


@cache
def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("number", SHOWN)
def test_every_named_test_exists(number: int) -> None:
    for test in SHOWN[number].tests:
        file, _, name = test.partition("::")
        assert name in names_in(file), test


def test_every_number_that_names_the_faults_has_one() -> None:
    of_faults = {number for fault in FAULTS.values() for number in fault.numbers}
    assert of_faults == {number for number, entry in SHOWN.items() if FAULT in entry.tests}


def test_whoever_has_no_data_before_the_landmark_gets_no_number() -> None:
    names = ["known", "unknown", "severe"]
    index = pd.MultiIndex.from_product([names, [72.0]], names=["episode_id", "landmark_h"])
    margin = pd.Series([0.5, 0.5, 0.5], index=index)
    excluded = [None, None, "endpoint_before_landmark"]
    result: Any = SimpleNamespace(
        held_out=SimpleNamespace(margin=margin),
        interval=None,
        released=SimpleNamespace(),
        answered=pd.DataFrame({"status": "answered"}, index=index),
        data=SimpleNamespace(
            primary=pd.DataFrame({"episode_id": names, "excluded_because": excluded}),
            inputs=pd.DataFrame(
                {"episode_id": ["known", "severe"], "modality": "plasma", "analyte": "crp"}
            ),
            analytes=("plasma.crp",),
            landmark_h=72.0,
        ),
        main=SimpleNamespace(plan=SimpleNamespace(name="booster")),
    )
    cohort: Any = SimpleNamespace(episodes=pd.DataFrame({"episode_id": names}))
    found = predict_episodes(cohort, result).set_index("episode_id")
    assert found["status"].tolist() == [
        "answered", "no_data_before_landmark", "already_at_endpoint",
    ]  # fmt: skip
    assert found["risk"].notna().tolist() == [True, False, False]


SEEN = ("plasma.crp", "csf.il6", "eeg.background_grade", "clinical.temperature")


def one_episode(analytes: tuple[str, ...], *, at_h: float = 24.0) -> Cohort:
    rows = [
        {
            "episode_id": "e", "modality": name.split(".")[0], "analyte": name.split(".")[1],
            "collected_h": at_h, "available_h": at_h + 1, "value": 1.0, "censored": "",
            "ordered_as": "protocol", "assay": "", "version": 0.0,
        }
        for name in analytes
    ]  # fmt: skip
    episodes = pd.DataFrame({"episode_id": ["e"], "patient_id": ["p"], "followed_until_h": [300.0]})
    grades = {
        "episode_id": "e", "covers_from_h": 0.0, "assessed_h": 24.0, "available_h": 24.0,
        "scale": "ASTCT", "icans_grade": 0, "crs_grade": 0, "tian_grade": None,
        "ice_total": None, "capd_total": None, "deciding_domain": None,
    }  # fmt: skip
    return Cohort(episodes, pd.DataFrame(rows, columns=list(EVENTS)), pd.DataFrame([grades]))


@pytest.mark.parametrize("present", [*product([True, False], repeat=len(SEEN))])
def test_any_modalities_may_be_missing_without_touching_the_others(
    present: tuple[bool, ...],
) -> None:
    assert {name.split(".")[0] for name in SEEN} <= set(MODALITIES)
    specification = FeatureSpecification(
        windows=(Window("early", "infusion", 0.0, 72.0),),
        measurements=tuple(Measurement(name, ("early",), ("max",)) for name in SEEN),
    )
    chosen = tuple(name for name, there in zip(SEEN, present, strict=True) if there)
    vector = build_features(one_episode(chosen), specification, [72.0]).iloc[0]
    assert {name: vector[f"{name}.max.early"] == 1.0 for name in SEEN} == dict(
        zip(SEEN, present, strict=True)
    )
    assert vector.isna().sum() == len(SEEN) - len(chosen)


@pytest.mark.parametrize(
    ("at_h", "counts"),
    [(-168.0, False), (-167.999, True), (-1.0, True), (0.0, True), (0.001, False)],
)
def test_a_week_before_the_infusion_excludes_its_start_and_includes_its_end(
    at_h: float, counts: bool
) -> None:
    specification = FeatureSpecification(
        windows=(Window("week", "infusion", -168.0, 0.0),),
        measurements=(Measurement("plasma.crp", ("week",), ("max",)),),
    )
    found = build_features(one_episode(("plasma.crp",), at_h=at_h), specification, [72.0])
    assert found.notna().iloc[0, 0] == counts


def training_rows() -> tuple[pd.DataFrame, "np.ndarray[Any, Any]"]:
    generator = np.random.default_rng(5)
    X = pd.DataFrame(generator.normal(size=(120, 2)), columns=["a", "b"]).astype("float32")
    return X, (X["a"] + generator.normal(size=120) > 0).astype(int).to_numpy()


def test_empty_and_constant_columns_change_no_risk_of_the_trees() -> None:
    X, y = training_rows()
    wider = X.assign(empty=np.float32(np.nan), constant=np.float32(3))
    plain, wide = (make_model("booster").fit(rows, y).predict_proba(rows) for rows in (X, wider))
    assert np.array_equal(plain, wide)


@pytest.mark.parametrize("name", ["booster", "logistic", "elastic_net"])
@pytest.mark.parametrize("number", [np.inf, -np.inf])
def test_no_model_takes_an_infinite_number(name: str, number: float) -> None:
    X, y = training_rows()
    model = make_model(name).fit(X, y)
    bad = X.astype("float64")
    bad.iloc[3, 0] = number
    with pytest.raises(ValueError, match="infinity"):
        model.predict_proba(bad)
    with pytest.raises(ValueError, match="infinity"):
        make_model(name).fit(bad, y)


def test_the_codes_behind_categories_mean_nothing() -> None:
    episodes = pd.DataFrame(
        {
            "episode_id": list("abc"),
            "patient_id": list("abc"),
            "followed_until_h": 300.0,
            "product": ["axi-cel", "tisa-cel", "axi-cel"],
        }
    )
    orders = [["axi-cel", "tisa-cel"], ["tisa-cel", "other", "axi-cel"]]
    coded = [
        episodes.assign(product=pd.Categorical(episodes["product"], categories=order))
        for order in orders
    ]
    tables = [check_table(table, EPISODES, name="episodes") for table in (episodes, *coded)]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])


def test_the_xgboost_that_drops_names_is_excluded() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (asked,) = (line for line in project["dependencies"] if line.startswith("xgboost"))
    versions = SpecifierSet(asked.removeprefix("xgboost"))
    assert "3.2.0" in versions
    assert not [bad for bad in ("2.1.4", "3.0.5", "3.1.0", "3.1.3") if bad in versions]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (pd.Series([Decimal("1.5"), 2], dtype=object), [1.5, 2.0]),
        (pd.Series(["1.5", " 2"]), [1.5, 2.0]),
        (pd.Series([1, 2], dtype="Int64"), [1.0, 2.0]),
        (pd.Series([1, pd.NA], dtype=object), None),
        (pd.Series(["1,5", "2"]), None),
        (pd.Series([[1.0], [2.0]]), None),
    ],
)
def test_numbers_of_any_type_are_floats_and_anything_else_is_refused(
    cells: pd.Series, expected: list[float] | None
) -> None:
    table = pd.DataFrame({"episode_id": ["a", "b"], "patient_id": ["a", "b"]})
    table["followed_until_h"] = cells
    if expected is None:
        with pytest.raises(CohortError, match=r"episodes\.followed_until_h must be"):
            check_table(table, EPISODES, name="episodes")
    else:
        checked = check_table(table, EPISODES, name="episodes")["followed_until_h"]
        assert checked.dtype == "float64"
        assert checked.tolist() == expected


def test_an_interruption_is_one_line_and_exit_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "app", interrupted)
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "icans-risk: interrupted.\n"


def test_the_clock_of_the_machine_is_read_in_few_places_only() -> None:
    folder = ROOT / "src" / "icans_risk"
    clock = re.compile(r"\b(datetime|date|time|Timestamp)\.(now|today|utcnow|time|time_ns)\(")
    reads = {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*.py")
        if clock.search(file.read_text(encoding="utf-8"))
    }
    # Nothing is later than now; who was named, when; what was written down, put in use or taken
    # back, when; and in which order saved views were made.
    ledger = {"serving/ledger.py", "serving/ledger_check.py", "serving/predictions_ledger.py"}
    assert reads == {
        "ingest/stages/times.py", "workflow/reidentify.py", "models/withdrawal.py",
        "workflow/registry.py", "tracking/views.py", *ledger,
    }  # fmt: skip


def _log_two(place: tuple[str, str]) -> int:
    from icans_risk.tracking import RunRecord, log_run
    from icans_risk.tracking.store import Store

    metrics = {f"m{number}": float(number) for number in range(20)}
    return len({log_run(Store(*place), RunRecord("run", metrics=metrics)) for _ in range(2)})


@pytest.mark.slow
def test_writers_at_the_same_time_lose_nothing(store_template: Path, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    from icans_risk.tracking import open_store
    from store_template import copy_store

    uri = copy_store(store_template, tmp_path)
    store = open_store(uri, artifacts=tmp_path / "artifacts", experiment="s")
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert pool.map(_log_two, [(store.uri, store.experiment_id)] * 4) == [2] * 4
    runs = MlflowClient(store.uri).search_runs([store.experiment_id])
    assert [len(run.data.metrics) for run in runs] == [20] * 8


@pytest.mark.slow
def test_two_million_results_fit_in_a_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.spec_from_file_location("large", ROOT / "benchmarks" / "ingest.py")
    assert spec is not None
    assert spec.loader is not None
    large = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(large)
    monkeypatch.chdir(ROOT)
    study = large.make_export(tmp_path, 2_000_000)
    program = [sys.executable, "-c", "from icans_risk.cli.main import run; run()"]
    taken = large.timed([*program, "ingest", str(study), "--out", str(tmp_path / "out")])
    assert taken["gib"] < 1.6
    events = pl.scan_parquet(tmp_path / "out" / "cohort" / "events.parquet")
    assert events.select(pl.len()).collect().item() > 1_900_000
