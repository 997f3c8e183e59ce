"""What a worker does with one recording: from a path to plain numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from icans_risk.signals.eeg.epochs import Seen, look
from icans_risk.signals.eeg.measure import FEWEST_EPOCHS, Measured, Spectra, measure
from icans_risk.signals.eeg.opening import Recording, open_recording
from icans_risk.signals.eeg.picture import Spectrogram
from icans_risk.signals.eeg.reasons import RefusedError
from icans_risk.signals.eeg.spectra import HUM_HZ, frequencies
from icans_risk.signals.eeg.states import State, count_padding
from icans_risk.signals.job import answer_job

__all__ = ["ALGORITHM", "measure_file", "work"]

# Raised whenever a measurement changes, so that old results are not taken for new ones.
ALGORITHM = 1

# Median root mean square from 1 to 30 Hz of all electrodes that are not flat, in microvolts.
# A silent brain with a noisy amplifier is above the first, any wrong factor of 1000 beyond one.
_PLAUSIBLE_UV = (0.2, 500.0)
_USUAL_RATES = frozenset(
    {100, 125, 128, 200, 240, 250, 256, 300, 400, 500, 512, 600, 1000, 1024, 2000, 2048, 4096, 5000}
)
_HUM_UV = 20.0
_LITTLE_CLEAN = 3 * FEWEST_EPOCHS


def work(job: Mapping[str, Any]) -> dict[str, Any]:
    """Measure a recording, or say why not; a result of an earlier run is taken from the journal.

    Parameters
    ----------
    job : mapping
        ``path``, and optionally ``sha256`` (what the table states) and ``journal`` (a folder
        of results of this algorithm, by checksum).

    Returns
    -------
    dict
        Plain numbers; nothing in it says who was recorded, or when. ``refused`` is a code of
        ``REASONS`` or None.
    """
    path = Path(job["path"])
    return answer_job(
        job, lambda: measure_file(path), parts=lambda: _parts(path), algorithm=ALGORITHM
    )


def _parts(path: Path) -> tuple[Path, ...]:
    if path.suffix.lower() == ".vhdr" and path.is_file():
        from icans_risk.signals.eeg.header import read_header

        return read_header(path).files
    return (path,)


def measure_file(path: Path) -> dict[str, Any]:
    """Measure a recording.

    Parameters
    ----------
    path : Path
        ``.edf``, ``.bdf`` or ``.vhdr``.

    Returns
    -------
    dict
        ``format``, ``rate``, ``seconds``, ``channels``, ``rejected`` (shares by reason),
        ``flags``, ``whole`` and ``hours`` with measurements, and ``picture``.

    Raises
    ------
    RefusedError
        If the recording cannot be used.
    """
    recording = open_recording(path)
    grid = frequencies(recording.epoch_samples, recording.rate)
    spectra, picture, parts = Spectra(), Spectrogram(), []
    electrodes = recording.montage.electrodes
    for chunk in recording.chunks():
        seen = look(
            chunk.values, recording.rails, recording.rate,
            start_s=chunk.start_s, restored=bool(recording.montage.restored),
        )  # fmt: skip
        spectra.add(seen)
        picture.add(seen, grid)
        parts.append(seen.without_spectra())
    seen = Seen.join(parts)
    _refuse_implausible(seen)
    if int(seen.is_clean.sum()) < FEWEST_EPOCHS:
        raise RefusedError("too_little_clean", clean_epochs=int(seen.is_clean.sum()))
    whole, hours = measure(seen, spectra, grid, electrodes=electrodes, end_s=recording.end_s)
    rejected = _rejected(seen)
    padded_s, trailing_s = count_padding(seen.padding)
    hum = np.median(seen.hum[seen.is_clean], axis=0)
    return {
        "format": recording.header.format,
        "rate": recording.rate,
        "seconds": recording.seconds,
        "end_s": recording.end_s,
        "samples": recording.header.counts[next(iter(recording.montage.channels.values()))],
        "channels": _describe_channels(recording, whole),
        "padded_s": padded_s,
        "padded_at_end_s": trailing_s,
        "hum_hz": float(HUM_HZ[int(np.argmax(hum))]) if hum.max() > 0 else 0.0,
        "hum_uv": float(hum.max()),
        "rejected": rejected,
        "flags": _flags(recording, whole, rejected, padded_s=padded_s, hum_uv=float(hum.max())),
        "whole": _plain(whole),
        "hours": [_plain(hour) for hour in hours],
        "picture": picture.draw(recording.end_s),
    }


def _refuse_implausible(seen: Seen) -> None:
    alive = ~np.isin(seen.states, (State.PADDED, State.FLAT))
    # The restored reference and the average itself carry little of their own.
    rms = np.sqrt(seen.powers.sum(axis=-1)[alive])
    if not rms.size:
        raise RefusedError("too_little_clean", clean_epochs=0)
    median = float(np.median(rms))
    if not _PLAUSIBLE_UV[0] <= median <= _PLAUSIBLE_UV[1]:
        raise RefusedError(
            "implausible_amplitude", microvolts=median, lowest=_PLAUSIBLE_UV[0],
            highest=_PLAUSIBLE_UV[1],
        )  # fmt: skip


def _rejected(seen: Seen) -> dict[str, float]:
    """Return the share of epochs that were rejected, by what was wrong with most electrodes."""
    shares = {"all": float((~seen.is_clean).mean())}
    lost = seen.states[~seen.is_clean]
    counts = np.stack([(lost == state).sum(axis=1) for state in State if state], axis=1)
    main = np.argmax(counts, axis=1) + 1
    for state in State:
        if state:
            shares[state.name.lower()] = float((main == state).sum() / len(seen.is_clean))
    # Electrodes that were bad in epochs that are used all the same.
    kept = seen.states[seen.is_clean]
    shares["single_electrodes"] = float((kept != State.GOOD).mean()) if kept.size else 0.0
    return shares


def _describe_channels(recording: Recording, whole: Measured) -> dict[str, Any]:
    montage = recording.montage
    return {
        "found": list(montage.electrodes),
        "missing": list(montage.missing),
        "restored": montage.restored,
        "doubled": list(montage.doubled),
        "bad": list(whole.bad),
        "extra": montage.extra,
    }


def _flags(
    recording: Recording,
    whole: Measured,
    rejected: Mapping[str, float],
    *,
    padded_s: float,
    hum_uv: float,
) -> list[str]:
    montage = recording.montage
    raised = {
        "missing_channels": bool(montage.missing),
        "bad_channels": bool(whole.bad),
        "doubled_channels": bool(montage.doubled),
        "mixed_reference": montage.is_mixed,
        "unusual_rate": recording.rate not in _USUAL_RATES,
        "line_noise": hum_uv > _HUM_UV,
        "much_rejected": rejected["all"] > 0.5,
        "little_clean": whole.clean < _LITTLE_CLEAN,
        "padded": padded_s > 0,
        "clipped": rejected["clipped"] > 0,
        "gaps": len(recording.stretches) > 1,
    }
    return [name for name, is_raised in raised.items() if is_raised]


def _plain(measured: Measured) -> dict[str, Any]:
    finite = {name: value for name, value in measured.values.items() if np.isfinite(value)}
    return {
        "start_s": measured.start_s,
        "end_s": measured.end_s,
        "epochs": measured.epochs,
        "clean": measured.clean,
        "bad": list(measured.bad),
        "values": finite,
    }
