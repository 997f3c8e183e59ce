"""Generate a synthetic cohort folder, its truth apart, and a data card."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

import icans_risk
from icans_risk.cohort import CohortWriter, read_cohort_folder
from icans_risk.errors import IcansRiskError
from icans_risk.synthetic import FROZEN, PRODUCT_MIXES, Truth, simulate
from icans_risk.synthetic import load as load_parameters
from icans_risk.synthetic.mess import LEVELS, make_export
from icans_risk.workflow.files import new_folder, write_whole
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.simulate_signals import SignalsWriter

__all__ = ["COHORT", "TRUTH", "Simulation", "simulate_folder"]

# Patients in memory at a time.
PIECE = 2_000
COHORT, TRUTH, EXPORT, CARD = "cohort", "truth", "export", "DATA_CARD.md"
SIGNALS, STUDY = "signals", "study.yaml"
# The mix whose study predicts TIAN.
CNS = "cns"
# What the demonstration's study is told about raw files.
_DATA = "  cohort: cohort\n"
_LISTS = """  signals:
    - {kind: eeg, files: signals/recordings.csv}
    - {kind: imaging, files: signals/scans.csv}
"""
_MEASUREMENTS = "  measurements:\n"
_SCANNED = """    - analytes: [imaging.lesion_volume, imaging.brain_volume, imaging.lesion_contrast]
      windows: [baseline]
      statistics: [last]
"""


@dataclass(frozen=True)
class Simulation:
    """What is simulated: the same settings give the same values.

    Attributes
    ----------
    patients : int
        How many; a patient's course does not depend on it.
    seed : int
        Seed of everything.
    product_mix : str
        A name in ``PRODUCT_MIXES``.
    landmarks_h : tuple of float
        Landmarks of the true risks, in hours since infusion.
    horizon_h : float
        End of the risk period, in hours since infusion.
    variant : {"linear", "interactions", "no_signal"}
        How the latents make the hazard.
    informative_ordering : bool
        Whether sicker patients are tested more, as they are.
    mess : int, optional
        Also write an export with planted faults, from 0 (none) to 3 (3 % of rows each).
    signals : bool
        Also write each EEG as a recording, 1.5 MB each, about two per patient, and each MRI as
        a scan with masks, 0.1 MB each, one or two per patient.
    """

    patients: int
    seed: int
    product_mix: str = "lbcl"
    landmarks_h: tuple[float, ...] = (0.0, 24.0, 72.0, 120.0)
    horizon_h: float = 336.0
    variant: Literal["linear", "interactions", "no_signal"] = "interactions"
    informative_ordering: bool = True
    mess: int | None = None
    signals: bool = False

    def __post_init__(self) -> None:
        if self.patients < 1:
            raise IcansRiskError(f"expected at least 1 patient, got {self.patients}.")
        if self.product_mix not in PRODUCT_MIXES:
            raise IcansRiskError(
                f"expected a product mix of {sorted(PRODUCT_MIXES)}, got {self.product_mix!r}."
            )
        if self.mess not in (None, *LEVELS):
            raise IcansRiskError(f"expected a mess of {sorted(LEVELS)}, got {self.mess}.")


def simulate_folder(
    out: Path, simulation: Simulation, *, progress: Progress = SILENT
) -> dict[str, Any]:
    """Write ``out/cohort``, ``out/truth`` and ``out/DATA_CARD.md``, whole or not at all.

    Raw files, and tumours of the nervous system, have a study beside them: ``out/study.yaml``.

    Parameters
    ----------
    out : Path
        Must not exist yet.
    simulation : Simulation
        What to generate.
    progress : Progress
        Told about pieces.

    Returns
    -------
    dict
        Counts and places, plain data.

    Raises
    ------
    CohortError
        If the folder exists or cannot be made.
    """
    with new_folder(out) as draft:
        counts = _write(draft, simulation, progress=progress)
        study = _study_beside(simulation)
        if study is not None:
            write_whole(draft / STUDY, study)
        if simulation.mess is not None:
            _write_export(draft, level=simulation.mess, seed=simulation.seed)
        (draft / CARD).write_text(_data_card(simulation, counts), encoding="utf-8")
    return {"folder": str(out), **counts, "parameters": load_parameters().hash()}


def _write(draft: Path, simulation: Simulation, *, progress: Progress) -> dict[str, int]:
    starts = range(0, simulation.patients, PIECE)
    progress.stage(f"simulating {simulation.patients:,} patients", steps=len(starts))
    counts = dict.fromkeys(("patients", "episodes", "events", "grades", "severe"), 0)
    made_by = f"icans-risk simulate {_options(simulation)}"
    truth = _TruthWriter(draft / TRUTH)
    recorder = SignalsWriter(draft / SIGNALS, simulation.seed) if simulation.signals else None
    with CohortWriter(draft / COHORT, made_by=made_by, data_kind="synthetic") as writer, truth:
        for start in starts:
            piece = _piece(simulation, start)
            writer.append(piece.cohort)
            truth.append(piece.truth)
            if recorder is not None:
                recorder.append(piece.cohort, piece.truth.scans)
            _count(counts, piece)
            progress.step()
    return counts | ({} if recorder is None else recorder.close())


def _study_beside(simulation: Simulation) -> str | None:
    """Return a study of the cohort: of tumours of the nervous system, or of the raw files."""
    if not simulation.signals and simulation.product_mix != CNS:
        return None
    name = "cns_tumours.yaml" if simulation.product_mix == CNS else "demo.yaml"
    text = (files("icans_risk.workflow") / name).read_text(encoding="utf-8")
    if not simulation.signals:
        return text
    text = text.replace(_DATA, _DATA + _LISTS, 1)
    return text.replace(_MEASUREMENTS, _MEASUREMENTS + _SCANNED, 1)


def _write_export(draft: Path, *, level: int, seed: int) -> None:
    """Write what a hospital would send, and apart from it the list of what is wrong with it."""
    export = make_export(read_cohort_folder(draft / COHORT), level=level, seed=seed)
    (draft / EXPORT).mkdir(mode=0o700)
    export.results.to_csv(draft / EXPORT / "results.csv", index=False)
    export.faults.to_csv(draft / TRUTH / "planted_faults.csv", index=False)


def _piece(simulation: Simulation, start: int) -> Any:
    return simulate(
        min(PIECE, simulation.patients - start),
        seed=simulation.seed,
        product_mix=simulation.product_mix,
        landmarks_h=simulation.landmarks_h,
        horizon_h=simulation.horizon_h,
        variant=simulation.variant,
        informative_ordering=simulation.informative_ordering,
        first_patient=start,
    )


def _count(counts: dict[str, int], piece: Any) -> None:
    counts["patients"] += int(piece.cohort.episodes["patient_id"].nunique())
    for table in ("episodes", "events", "grades"):
        counts[table] += len(getattr(piece.cohort, table))
    counts["severe"] += int(piece.truth.onsets["onset_h"].notna().sum())


class _TruthWriter:
    """Append the truth's tables to Parquet files, piece by piece."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writers: dict[str, Any] = {}

    def __enter__(self) -> "_TruthWriter":
        self.folder.mkdir(mode=0o700)
        return self

    def append(self, truth: Truth) -> None:
        for field in fields(truth):
            table = pa.Table.from_pandas(getattr(truth, field.name), preserve_index=False)
            if field.name not in self.writers:
                path = self.folder / f"{field.name}.parquet"
                self.writers[field.name] = pq.ParquetWriter(path, table.schema)
            elif field.name == "readers":
                continue  # the same for every patient
            self.writers[field.name].write_table(table)

    def __exit__(self, *_: object) -> None:
        for writer in self.writers.values():
            writer.close()


def _options(simulation: Simulation) -> str:
    values = asdict(simulation)
    landmarks: Sequence[float] = values.pop("landmarks_h")
    ordering, signals = values.pop("informative_ordering"), values.pop("signals")
    parts = [
        f"--{name.replace('_h', '').replace('_', '-')} {value}"
        for name, value in values.items()
        if value is not None
    ]
    parts.append("--landmarks " + ",".join(f"{hours:g}" for hours in landmarks))
    flags = [] if ordering else ["--no-informative-ordering"]
    return " ".join([*parts, *flags, *(["--signals"] if signals else [])])


def _about_signals(simulation: Simulation) -> str:
    if not simulation.signals:
        return ""
    return (
        f"`{SIGNALS}/` holds an EEG of five minutes for each of the cohort's, showing what its "
        "results say,\nand a scan with masks for each MRI, showing what `truth/scans.parquet` "
        "says;\n`icans-risk eeg` and `icans-risk imaging` read them, and `icans-risk develop "
        f"{STUDY}` predicts from\nthem. Their shapes are assumed.\n"
    )


def _about_tumours(simulation: Simulation) -> str:
    if simulation.product_mix != CNS:
        return ""
    return (
        "An episode is one infusion, of up to three per patient; cerebrospinal fluid is taken by\n"
        "protocol before each and after it. `truth/local.parquet` holds local inflammation and\n"
        f"the chance of TIAN of grade 3; `icans-risk develop {STUDY}` predicts it. That all\n"
        "patients had TIAN is published for one trial; the shares of its grades, its times and\n"
        "what CSF shows of it are assumed.\n"
    )


def _data_card(simulation: Simulation, counts: dict[str, int]) -> str:
    parameters = load_parameters()
    rows = pd.Series(counts).map("{:,}".format)
    return f"""# Data card: a synthetic cohort

**Synthetic. No patient stands behind any row, and nothing trained here is evidence about
patients.**

| | |
|---|---|
| made by | `icans-risk simulate {_options(simulation)}` |
| icans_risk | {icans_risk.__version__} |
| parameters | version {FROZEN}, SHA-256 `{parameters.hash()}` |
| patients, episodes | {rows["patients"]}, {rows["episodes"]} |
| events, grades | {rows["events"]}, {rows["grades"]} |
| episodes that ever reach ICANS grade 3 (latent truth) | {rows["severe"]} |

`{COHORT}/` is what a hospital would export: noisy, late, and tested more in the sicker.
`{TRUTH}/` holds the true risks, onsets, and what made them; no reader of cohorts opens it.
{_about_signals(simulation)}{_about_tumours(simulation)}
Known: incidences by product, onset laws, testing rates and assay delays follow published figures.
Assumed: the path from cytokines over the vessels to the brain, and most of its numbers.
"""
