"""``icans-risk develop``: the whole path of one study."""

from icans_risk.cli.options import (
    ARTIFACTS,
    JOURNALS,
    REPORTS,
    TRACKING_URI,
    WORKERS,
    Artifacts,
    BlindFirst,
    Journals,
    JsonFile,
    Lang,
    PageLanguage,
    PageUnits,
    Reports,
    StudyFile,
    TrackingUri,
    Units,
    Workers,
)

__all__ = ["develop"]


def develop(
    study_file: StudyFile,
    reports: Reports = REPORTS,
    lang: Lang = PageLanguage.EN,
    units: Units = PageUnits.CONVENTIONAL,
    blind_first: BlindFirst = False,
    journals: Journals = JOURNALS,
    json_file: JsonFile = None,
    tracking_uri: TrackingUri = TRACKING_URI,
    artifacts: Artifacts = ARTIFACTS,
    workers: Workers = WORKERS,
) -> None:
    """Take a study from its files to a tracked, explained model and a page per patient.

    Example: icans-risk develop configs/nulisa80.yaml
    """
    from icans_risk.cli.show import run_and_show
    from icans_risk.workflow.develop import PageStyle
    from icans_risk.workflow.develop import develop as job

    style = PageStyle(language=lang.value, units=units.value, blind_first=blind_first)
    run_and_show(
        lambda progress: job(
            study_file,
            tracking_uri=tracking_uri,
            artifacts=artifacts,
            reports=reports,
            journals=journals,
            workers=workers,
            style=style,
            progress=progress,
        ),
        json_file,
    )
