"""Scans of synthetic patients show what the truth says, and what is measured in them is that."""

from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from icans_risk.signals.imaging.work import measure_scan
from icans_risk.synthetic import simulate
from icans_risk.synthetic.anatomy import AFFINE, SHAPE, draw_head
from icans_risk.synthetic.nifti import write_nifti

PAIRS = {
    "lesion_volume": "lesion_ml", "brain_volume": "brain_ml", "ventricle_volume": "ventricle_ml",
}  # fmt: skip


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return simulate(40, seed=7).truth.scans


@pytest.fixture(scope="module")
def found(truth: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """What is measured in the file of each scan."""
    folder, rows = tmp_path_factory.mktemp("scans"), []
    for state in truth.to_dict("records"):
        scan, masks = draw_head(
            state, seed=7, episode_id=state["episode_id"], hour=state["collected_h"]
        )
        write_nifti(folder / "scan.nii.gz", scan, AFFINE)
        files = {name: folder / f"{name}.nii.gz" for name in masks}
        for name, mask in masks.items():
            write_nifti(files[name], mask, AFFINE)
        measured = measure_scan(folder / "scan.nii.gz", files, sequence="flair")
        assert not {"lesion_outside_brain", "at_the_edge"} & set(measured["flags"])
        rows.append(measured["values"])
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("measured", "true"), PAIRS.items())
def test_what_is_measured_ranks_patients_as_the_truth_does(
    truth: pd.DataFrame, found: pd.DataFrame, measured: str, true: str
) -> None:
    assert spearmanr(found[measured], truth[true]).statistic > 0.98


def test_contrast_after_infusion_follows_inflammation(
    truth: pd.DataFrame, found: pd.DataFrame
) -> None:
    later = truth["collected_h"] > 0
    assert later.sum() > 8
    ranks = spearmanr(found.loc[later, "lesion_normal_ratio"], truth.loc[later, "contrast"])
    assert ranks.statistic > 0.9


def test_volumes_are_the_truth_to_the_nearest_voxel(
    truth: pd.DataFrame, found: pd.DataFrame
) -> None:
    for measured, true in PAIRS.items():
        assert np.abs(found[measured] - truth[true]).max() <= 0.0321
    swollen = truth["oedema_ml"] > 0
    assert swollen.any()
    assert found["oedema_volume"].notna().tolist() == swollen.tolist()
    difference = found.loc[swollen, "oedema_volume"] - truth.loc[swollen, "oedema_ml"]
    assert difference.abs().max() <= 0.0321


def test_the_midline_is_pushed_as_far_as_the_truth_says(
    truth: pd.DataFrame, found: pd.DataFrame
) -> None:
    error = found["midline_shift_proxy"] - truth["shift_mm"]
    assert error.abs().max() < 1.0
    pushed = truth["oedema_ml"] > 0
    shift = found["midline_shift_proxy"]
    assert shift[pushed].min() > shift[~pushed].max()


def test_a_lesion_before_infusion_follows_the_vulnerability_of_the_brain() -> None:
    """So that a scan by protocol can say something about what is to come."""
    made = simulate(400, seed=5)
    before = made.truth.scans.query("collected_h < 0").set_index("episode_id")
    assert len(before) == 400
    shares = made.truth.shares.query("landmark_h == 0").pivot_table(
        index="episode_id", columns="latent", values="share_of_log_hazard"
    )
    frail = shares["neuro_vulnerability"].reindex(before.index)
    assert spearmanr(before["lesion_ml"], frail).statistic > 0.4


def test_the_same_scan_has_the_same_bytes_and_another_one_others(
    tmp_path: Path, truth: pd.DataFrame
) -> None:
    state = truth.iloc[0].to_dict()
    for name, hour in (("a", -20.0), ("b", -20.0), ("c", 20.0)):
        scan, _ = draw_head(state, seed=7, episode_id="E1", hour=hour)
        write_nifti(tmp_path / f"{name}.nii.gz", scan, AFFINE)
    first, second, third = ((tmp_path / f"{n}.nii.gz").read_bytes() for n in "abc")
    assert first == second != third


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_a_written_volume_is_what_nibabel_reads(tmp_path: Path, suffix: str, dtype: str) -> None:
    voxels = np.arange(2 * 3 * 4).reshape(2, 3, 4).astype(dtype)
    affine = np.array([[0, -2, 0, 5], [1.5, 0, 0, -3], [0, 0, 4, 1], [0, 0, 0, 1.0]])
    write_nifti(tmp_path / f"a{suffix}", voxels, affine, description=b"synthetic")
    image = nibabel.load(tmp_path / f"a{suffix}")
    assert np.array_equal(np.asarray(image.dataobj), voxels)
    assert image.affine == pytest.approx(affine)
    assert image.header.get_xyzt_units()[0] == "mm"
    assert image.header["descrip"] == b"synthetic"


def test_a_scan_has_the_shape_that_is_stated(truth: pd.DataFrame) -> None:
    scan, masks = draw_head(truth.iloc[0].to_dict(), seed=1, episode_id="E", hour=0.0)
    assert scan.shape == SHAPE
    assert {mask.shape for mask in masks.values()} == {SHAPE}
