"""Time the reading of an hour of EEG against plain calls of the same libraries, in one run.

Run: ``python benchmarks/eeg.py [--minutes 60] [--rounds 5]``. Makes an EDF of 19 channels at
256 Hz, then takes the processor seconds of the shortest of several rounds, each program in a
process of its own with one thread, and the peak memory of that process:

- ``raw fft``: NumPy's FFT of the samples in memory, in epochs of 10 s, and nothing else, the bound;
- ``band powers``: ``spectra`` and ``band_weights`` on the same samples: ours;
- ``mne read``: ``raw.get_data`` of the whole file;
- ``mne bands``: epochs and ``compute_psd(method="welch")`` by MNE, summed to four bands;
- ``ours``: ``measure_file``, from the file to all measurements, artefact rejection included.

Before it times anything it compares the band powers of MNE with ours.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from icans_risk.signals.eeg.montage import ELECTRODES
from icans_risk.signals.eeg.spectra import BANDS, band_weights, frequencies, spectra

RATE, EPOCH_S = 256, 10
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
PROGRAMS = ("raw fft", "band powers", "mne read", "mne bands", "ours")


def make_recording(file: Path, minutes: int) -> None:
    """Write noise that falls with frequency and a rhythm of 9.5 Hz, minute by minute."""
    from icans_risk.synthetic.edf import write_edf

    rng = np.random.default_rng(7)
    parts = []
    for _ in range(minutes):
        samples = 60 * RATE
        hertz = np.fft.rfftfreq(samples, 1 / RATE)
        shape = np.maximum(hertz, 0.5) ** -0.5
        noise = rng.normal(size=(19, hertz.size)) + 1j * rng.normal(size=(19, hertz.size))
        signals = np.fft.irfft(shape * noise, n=samples)
        signals *= 15.0 / signals.std(axis=1, keepdims=True)
        rhythm = np.sin(2 * np.pi * 9.5 * np.arange(samples) / RATE)
        parts.append(signals + rng.normal(size=(19, 1)) * 10.0 * rhythm)
    write_edf(file, np.concatenate(parts, axis=1), RATE, labels=list(ELECTRODES))


def mne_bands(file: Path) -> np.ndarray:
    """Average the band powers over epochs and channels as MNE's tutorials do."""
    import mne

    raw = mne.io.read_raw_edf(file, preload=True, verbose="error")
    raw.set_eeg_reference("average", verbose="error")
    epochs = mne.make_fixed_length_epochs(raw, EPOCH_S, preload=True, verbose="error")
    found = epochs.compute_psd(
        method="welch", fmin=0.5, fmax=30.0, n_fft=EPOCH_S * RATE, window="hann", verbose="error"
    )
    density, grid = found.get_data(return_freqs=True)
    mean = density.mean(axis=(0, 1)) * 1e12
    step = grid[1] - grid[0]
    return np.array(
        [mean[(grid >= low) & (grid < high)].sum() * step for low, high in BANDS.values()]
    )


def load(file: Path) -> np.ndarray:
    """Read all samples into epochs, in microvolts."""
    import mne

    raw = mne.io.read_raw_edf(file, verbose="error")
    length = EPOCH_S * RATE
    data = raw.get_data() * 1e6
    return data[:, : data.shape[1] // length * length].reshape(19, -1, length)


def shortest(use: Callable[[], object], rounds: int) -> float:
    """Return the processor seconds of the shortest round, the first one unmeasured."""
    use()
    taken = []
    for _ in range(rounds):
        before = time.process_time()
        use()
        taken.append(time.process_time() - before)
    return min(taken)


def run_program(name: str, file: Path, rounds: int) -> None:
    """Time one program in this process and print seconds and peak memory."""
    if name in ("raw fft", "band powers"):
        samples = load(file)
        weights = band_weights(frequencies(EPOCH_S * RATE, RATE))
        # Five minutes at a time, as ours are read.
        pieces = [samples[:, start : start + 30] for start in range(0, samples.shape[1], 30)]
        singles = [np.ascontiguousarray(piece, dtype=np.float32) for piece in pieces]
        use: Callable[[], object] = (
            (lambda: [np.fft.rfft(piece) for piece in pieces])
            if name == "raw fft"
            else (lambda: [spectra(piece, RATE) @ weights for piece in singles])
        )
    elif name == "mne read":
        import mne

        def use() -> object:
            return mne.io.read_raw_edf(file, verbose="error").get_data()

    elif name == "mne bands":

        def use() -> object:
            return mne_bands(file)

    else:
        from icans_risk.signals.eeg.work import measure_file

        def use() -> object:
            return measure_file(file)

    seconds = shortest(use, rounds)
    # Of this program alone; what resource reports begins with the size of whoever started it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 2**20
    print(seconds, peak)


def timed(name: str, file: Path, rounds: int) -> tuple[float, float]:
    """Run a program in a process of its own; return its seconds and its peak memory in GiB."""
    command = [sys.executable, __file__, "--program", name, "--rounds", str(rounds)]
    done = subprocess.run(
        [*command, "--file", str(file)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | ONE_THREAD,
    )
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def compare_bands(file: Path) -> float:
    """Return the largest relative difference between MNE's band powers and ours."""
    from icans_risk.signals.eeg.work import measure_file

    values = measure_file(file)["whole"]["values"]
    ours = np.array([values[f"{band}_power"] for band in BANDS])
    return float(np.max(np.abs(ours / mne_bands(file) - 1.0)))


def main(minutes: int, rounds: int) -> None:
    """Make the recording, compare, time, print the table of ratios."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hour.edf"
        make_recording(file, minutes)
        print(f"{minutes} min, 19 channels, {RATE} Hz, {file.stat().st_size / 2**20:.0f} MiB")
        print(f"band powers differ from MNE's by {100 * compare_bands(file):.2f} % at most\n")
        taken = {name: timed(name, file, rounds) for name in PROGRAMS}
        bound, peer = taken["raw fft"][0], taken["mne bands"][0]
        print("| program | seconds | of raw fft | of mne bands | peak GiB |\n|---|---|---|---|---|")
        for name, (seconds, peak) in taken.items():
            ratios = f"{seconds / bound:.1f} | {seconds / peer:.2f}"
            print(f"| {name} | {seconds:.2f} | {ratios} | {peak:.2f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--program", choices=PROGRAMS)
    parser.add_argument("--file", type=Path)
    given = parser.parse_args()
    if given.program is None:
        main(given.minutes, given.rounds)
    else:
        run_program(given.program, given.file, given.rounds)
