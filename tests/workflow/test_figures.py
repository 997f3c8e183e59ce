"""The figures of a landmark speak of measurements as clinicians do."""

from pathlib import Path

import numpy as np
import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.features import FeatureSpecification, Measurement, Window
from icans_risk.study import load_study
from icans_risk.workflow.figures import draw_figures
from icans_risk.workflow.landmarks import develop_landmarks
from icans_risk.workflow.pages import describe_run, render_pages
from icans_risk.workflow.reading import read_cohort


def test_a_platform_has_its_label_in_the_figures_and_on_the_pages(study_file: Path) -> None:
    study = load_study(study_file)
    validation = study.validation.model_copy(update={"repeats": 2, "resamples": 100})
    study = study.model_copy(update={"validation": validation})
    cohort, quality = read_cohort(study)
    episodes = cohort.episodes
    measured = pd.DataFrame(
        {
            "episode_id": episodes["episode_id"], "modality": "plasma", "analyte": "nfl@ella",
            "collected_h": 1.0, "available_h": 2.0,
            "value": np.random.default_rng(0).lognormal(3, 1, len(episodes)), "censored": "",
            "ordered_as": "protocol", "assay": "Ella", "version": 0.0,
        }
    )  # fmt: skip
    events = pd.concat([cohort.events, measured], ignore_index=True)
    cohort = Cohort(episodes, events, cohort.grades)
    windows = (Window("to_date", "infusion", 0.0, None),)
    measurements = (
        Measurement("clinical.crs_grade", ("to_date",), ("last",)),
        Measurement("plasma.nfl@ella", ("to_date",), ("last",)),
    )
    specification = FeatureSpecification(windows, measurements, ("product",)).fit(cohort)
    result = develop_landmarks(study, cohort, specification)[0]

    axis = draw_figures(study, result)["contributions.png"].axes[0]
    assert "Neurofilament light (ella)" in [label.get_text() for label in axis.get_yticklabels()]

    run = describe_run(study, cohort, result, specification=specification, run_id="0" * 32)
    pages = render_pages(cohort, result, quality, run=run).pages
    patients = [page for name, page in pages.items() if name != "quality.html"]
    assert sum("Neurofilament light (ella)" in page for page in patients) >= len(patients) - 1
