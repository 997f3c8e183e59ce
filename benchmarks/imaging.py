"""Time the measuring of small volumes against plain nibabel and NumPy, in one run.

Run: ``python benchmarks/imaging.py [--volumes 100] [--rounds 3]``. Draws heads of 44 x 52 x 42
voxels with masks of brain, ventricles and lesion, then takes the processor seconds per volume of
the shortest of several rounds, each program in a process of its own with one thread:

- ``nibabel``: ``get_fdata`` of scan and masks, the volume of each mask and eight statistics of the
  lesion by NumPy, the bound: nothing is checked, no surface, no sides, no picture;
- ``ours``: ``work`` as a worker calls it, from checksums to all measurements and the picture.

Before it times anything it compares the volumes and the statistics of both.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MASKS = ("brain", "ventricles", "lesion")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
PROGRAMS = ("nibabel", "ours")


def make_volumes(folder: Path, count: int) -> None:
    """Write heads whose lesions grow."""
    from icans_risk.synthetic.anatomy import AFFINE, draw_head
    from icans_risk.synthetic.nifti import write_nifti

    for number in range(count):
        state = {
            "lesion_ml": 2.0 + 20.0 * number / count, "oedema_ml": 0.0, "ventricle_ml": 25.0,
            "brain_ml": 1300.0, "shift_mm": 0.0, "contrast": 0.7, "side": 1.0,
        }  # fmt: skip
        scan, masks = draw_head(state, seed=number, episode_id="E", hour=0.0)
        write_nifti(folder / f"{number}.nii.gz", scan, AFFINE)
        for name, mask in masks.items():
            write_nifti(folder / f"{number}_{name}.nii.gz", mask, AFFINE)


def by_nibabel(folder: Path, number: int) -> dict[str, float]:
    """Measure as a plain script would."""
    import nibabel

    image = nibabel.load(folder / f"{number}.nii.gz")
    voxels, voxel_ml = image.get_fdata(), float(np.prod(image.header.get_zooms())) / 1000.0
    masks = {n: nibabel.load(folder / f"{number}_{n}.nii.gz").get_fdata() > 0 for n in MASKS}
    inside = voxels[masks["lesion"]]
    tenth, quarter, middle, third, ninetieth = np.percentile(inside, [10, 25, 50, 75, 90])
    central = inside - inside.mean()
    variance = (central**2).mean()
    return {
        "brain_volume": masks["brain"].sum() * voxel_ml,
        "ventricle_volume": masks["ventricles"].sum() * voxel_ml,
        "lesion_volume": masks["lesion"].sum() * voxel_ml,
        "lesion_intensity_mean": inside.mean(),
        "lesion_intensity_median": middle,
        "lesion_intensity_percentile_10": tenth,
        "lesion_intensity_percentile_90": ninetieth,
        "lesion_intensity_interquartile_range": third - quarter,
        "lesion_intensity_variance": variance,
        "lesion_intensity_skewness": (central**3).mean() / variance**1.5,
        "lesion_intensity_kurtosis": (central**4).mean() / variance**2,
    }


def by_ours(folder: Path, number: int) -> dict[str, Any]:
    """Measure as a worker does."""
    from icans_risk.signals.imaging.work import work

    masks = {n: {"path": str(folder / f"{number}_{n}.nii.gz"), "labels": []} for n in MASKS}
    found = work({"path": str(folder / f"{number}.nii.gz"), "masks": masks, "sequence": "flair"})
    assert found["refused"] is None, found
    return dict(found["values"])


def run_program(name: str, folder: Path, *, volumes: int, rounds: int) -> None:
    """Time one program in this process and print seconds per volume and peak memory."""
    use: Callable[[Path, int], object] = by_nibabel if name == "nibabel" else by_ours
    use(folder, 0)
    taken = []
    for _ in range(rounds):
        before = time.process_time()
        for number in range(volumes):
            use(folder, number)
        taken.append((time.process_time() - before) / volumes)
    # Of this program alone; what resource reports begins with the size of whoever started it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(json.dumps([min(taken), int(status.partition("VmHWM:")[2].split()[0]) / 2**20]))


def timed(name: str, folder: Path, *, volumes: int, rounds: int) -> tuple[float, float]:
    """Run a program in a process of its own; return seconds per volume and peak GiB."""
    command = [sys.executable, __file__, "--program", name, "--folder", str(folder)]
    done = subprocess.run(
        [*command, "--rounds", str(rounds), "--volumes", str(volumes)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | ONE_THREAD,
    )
    seconds, peak = json.loads(done.stdout)
    return seconds, peak


def compare(folder: Path) -> float:
    """Return the largest relative difference between nibabel's and our measurements."""
    plain, ours = by_nibabel(folder, 0), by_ours(folder, 0)
    return max(abs(ours[name] / value - 1.0) for name, value in plain.items())


def main(volumes: int, rounds: int) -> None:
    """Draw the volumes, compare, time, print the table of ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_volumes(folder, volumes)
        print(f"{volumes} volumes; they differ from nibabel's by {compare(folder):.1e} at most\n")
        taken = {p: timed(p, folder, volumes=volumes, rounds=rounds) for p in PROGRAMS}
        bound = taken["nibabel"][0]
        print("| program | ms per volume | of nibabel | per minute on two cores | peak GiB |")
        print("|---|---|---|---|---|")
        for program, (seconds, peak) in taken.items():
            each = f"{1000 * seconds:.1f} | {seconds / bound:.1f} | {120 / seconds:,.0f}"
            print(f"| {program} | {each} | {peak:.2f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--volumes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--program", choices=PROGRAMS)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.program is None:
        main(given.volumes, given.rounds)
    else:
        run_program(given.program, given.folder, volumes=given.volumes, rounds=given.rounds)
