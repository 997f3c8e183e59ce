"""What lies beside the pages of patients, if somebody asks for it: PDF, FHIR, CDS cards."""

import json
import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from icans_risk.errors import IcansRiskError
from icans_risk.report import EpisodeResult, RunContext, page_name
from icans_risk.report.cds import cds_card
from icans_risk.report.fhir import risk_assessment
from icans_risk.report.pdf import check_pdf, to_pdf
from icans_risk.workflow.progress import Progress

__all__ = ["Formats", "make_formats"]

# To start a process takes as long as two pages.
_WORTH_PROCESSES = 8


@dataclass(frozen=True, kw_only=True)
class Formats:
    """What to write beside the pages.

    Attributes
    ----------
    pdf : bool
        Each page as PDF.
    fhir : bool
        Each prediction as a FHIR R4 RiskAssessment.
    cds : bool
        Each prediction as a CDS Hooks card.
    synthetic_too : bool
        FHIR and cards of models of synthetic patients as well.
    """

    pdf: bool = False
    fhir: bool = False
    cds: bool = False
    synthetic_too: bool = False

    def check(self, *, synthetic: bool) -> None:
        """Find out whether all of it can be made, before minutes of work.

        Raises
        ------
        IcansRiskError
            If not.
        """
        if self.pdf:
            check_pdf()
        if synthetic and (self.fhir or self.cds) and not self.synthetic_too:
            raise IcansRiskError(
                "FHIR and cards for another system must come of a model of real patients, this one "
                "is of synthetic ones. Add --synthetic-too to test a connection."
            )


def make_formats(
    formats: Formats,
    run: RunContext,
    episodes: Sequence[EpisodeResult],
    *,
    patient_ids: Mapping[str, str],
    pages: Mapping[str, str],
    workers: int,
    progress: Progress,
) -> dict[str, str | bytes]:
    """Make what was asked for of one landmark.

    Parameters
    ----------
    formats : Formats
        What was asked for.
    run : RunContext
        Of the landmark.
    episodes : sequence of EpisodeResult
        In the order of the pages.
    patient_ids : mapping of str to str
        Episode to patient, as the source has them; without one there is no RiskAssessment.
    pages : mapping of str to str
        The pages of these patients, in the same order.
    workers : int
        Processes that make PDF.
    progress : Progress
        Told about the PDF, which take longest.

    Returns
    -------
    dict of str to str or bytes
        File name to content.
    """
    made: dict[str, str | bytes] = {}
    for position, episode in enumerate(episodes, start=1):
        patient_id = patient_ids.get(episode.episode_id)
        if formats.fhir and patient_id is not None:
            made[page_name(position, "fhir.json")] = _json(
                risk_assessment(
                    run, episode, patient_id=patient_id, synthetic_too=formats.synthetic_too
                )
            )
        if formats.cds:
            card = cds_card(run, episode, synthetic_too=formats.synthetic_too)
            made[page_name(position, "cds.json")] = _json(card)
    if formats.pdf:
        progress.stage(f"{run.landmark_h:g} h: PDF", steps=len(pages))
        for position, pdf in enumerate(_each_pdf(list(pages.values()), workers), start=1):
            made[page_name(position, "pdf")] = pdf
            progress.step()
    return made


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _each_pdf(pages: Sequence[str], workers: int) -> Iterator[bytes]:
    if workers < 2 or len(pages) < _WORTH_PROCESSES:
        yield from map(to_pdf, pages)
        return
    # A forked process would share the threads of the numerical libraries.
    with ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),
        # Ctrl-C reaches these as well; it is for the process that started them to end them.
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    ) as pool:
        yield from pool.map(to_pdf, pages, chunksize=2)
