"""Measurements of regions whose size, shape and place are known, and of a reference."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.catalogue import load_catalogue
from icans_risk.signals.imaging.intensity import first_order
from icans_risk.signals.imaging.reasons import RefusedError
from icans_risk.signals.imaging.shape import shape_of
from icans_risk.signals.imaging.volume import read_mask, read_volume
from icans_risk.signals.imaging.work import measure_scan
from signals.volumes import ORIENTATIONS, ellipsoid, head, measured, nifti

BREAST = Path(__file__).parents[1] / "data" / "radiomics_breast1"
SPACINGS = ((1.0, 1.0, 1.0), (0.7, 0.7, 2.1), (1.2, 0.9, 3.0))


@pytest.fixture(scope="module")
def reference() -> dict[str, float]:
    table = pd.read_csv(BREAST / "reference.csv")
    return dict(zip(table["feature"], table["value"], strict=True))


def test_shape_is_that_of_pyradiomics(reference: dict[str, float]) -> None:
    scan = read_volume(BREAST / "breast1_image.nrrd")
    mask = read_mask(BREAST / "breast1_label.nrrd", (), scan)
    found = shape_of(mask, scan.spacing)
    expected = {
        # Theirs are in mm3 and mm2.
        "volume": reference["VoxelVolume"] / 1000.0,
        "mesh_volume": reference["MeshVolume"] / 1000.0,
        "surface": reference["SurfaceArea"] / 100.0,
        "sphericity": reference["Sphericity"],
        "diameter": reference["Maximum3DDiameter"],
        "major_axis": reference["MajorAxisLength"],
        "minor_axis": reference["MinorAxisLength"],
        "least_axis": reference["LeastAxisLength"],
        "elongation": reference["Elongation"],
        "flatness": reference["Flatness"],
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-6), name
    ratio = 10.0 * found["surface"] / 100.0 / found["mesh_volume"]
    assert ratio == pytest.approx(reference["SurfaceVolumeRatio"], rel=1e-6)


def test_intensities_are_those_of_pyradiomics(reference: dict[str, float]) -> None:
    scan = read_volume(BREAST / "breast1_image.nrrd")
    values = scan.values(read_mask(BREAST / "breast1_label.nrrd", (), scan))
    voxel = float(np.prod(scan.spacing))
    # The reference was computed with 2,000 added to each value for energies.
    found = first_order(values, voxel_mm3=voxel, shift=2000.0)
    theirs = {
        "minimum": "Minimum", "maximum": "Maximum", "range": "Range", "mean": "Mean",
        "median": "Median", "percentile_10": "10Percentile", "percentile_90": "90Percentile",
        "interquartile_range": "InterquartileRange", "variance": "Variance",
        "mean_deviation": "MeanAbsoluteDeviation",
        "robust_deviation": "RobustMeanAbsoluteDeviation",
        "root_mean_square": "RootMeanSquared", "energy": "Energy", "total_energy": "TotalEnergy",
        "skewness": "Skewness", "kurtosis": "Kurtosis", "entropy": "Entropy",
        "uniformity": "Uniformity",
    }  # fmt: skip
    assert set(found) == set(theirs)
    for name, other in theirs.items():
        assert found[name] == pytest.approx(reference[other], rel=1e-6), name
    plain = first_order(values, voxel_mm3=voxel)
    assert plain["energy"] == (values**2).sum()


def test_a_scan_in_nrrd_is_measured_from_its_files() -> None:
    found = measure_scan(
        BREAST / "breast1_image.nrrd", {"lesion": BREAST / "breast1_label.nrrd"}, sequence="t1ce"
    )
    assert found["values"]["lesion_count"] == 1.0
    assert found["values"]["lesion_intensity_kurtosis"] == pytest.approx(1.8044408150083193)
    assert (found["format"], found["shape"], found["flags"]) == ("nrrd", [45, 120, 21], [
        "thick_slices"])  # fmt: skip


@pytest.mark.parametrize("spacing", SPACINGS)
@settings(max_examples=8, deadline=None)
@given(radius=st.floats(10.0, 16.0), offset=st.tuples(*[st.floats(-0.5, 0.5)] * 3))
def test_a_sphere_has_the_volume_diameter_and_roundness_of_a_sphere(
    spacing: tuple[float, ...], radius: float, offset: tuple[float, ...]
) -> None:
    mask = ellipsoid((radius,) * 3, spacing, centre=offset)
    found = shape_of(mask, np.array(spacing))
    volume = 4 / 3 * np.pi * radius**3 / 1000
    coarse = max(spacing) / radius
    assert found["volume"] == pytest.approx(volume, rel=0.3 * coarse)
    assert found["mesh_volume"] == pytest.approx(volume, rel=0.4 * coarse)
    assert found["diameter"] == pytest.approx(2 * radius, abs=1.2 * max(spacing))
    # Steps of coarse voxels make a surface that is up to a quarter too large.
    assert 0.9 < found["surface"] / (4 * np.pi * radius**2 / 100) < 1.3
    assert 0.75 < found["sphericity"] <= 1.0
    assert found["elongation"] == pytest.approx(1.0, abs=0.5 * coarse)
    assert found["count"] == 1.0


@pytest.mark.parametrize("spacing", SPACINGS)
@settings(max_examples=6, deadline=None)
@given(axes=st.tuples(st.floats(15.0, 20.0), st.floats(9.0, 12.0), st.floats(6.0, 8.0)))
def test_the_axes_of_an_ellipsoid_are_found(
    spacing: tuple[float, ...], axes: tuple[float, ...]
) -> None:
    """A solid ellipsoid's points spread by a fifth of its half-axes squared."""
    found = shape_of(ellipsoid(axes, spacing), np.array(spacing))
    names = ("major_axis", "minor_axis", "least_axis")
    for name, half in zip(names, axes, strict=True):
        expected = 4.0 * half / np.sqrt(5.0)
        assert found[name] == pytest.approx(expected, abs=0.5 * max(spacing)), name
    assert found["volume"] == pytest.approx(4 / 3 * np.pi * np.prod(axes) / 1000, rel=0.15)
    assert found["diameter"] == pytest.approx(2 * axes[0], abs=1.2 * max(spacing))


@settings(max_examples=25, deadline=None)
@given(sides=st.tuples(*[st.integers(2, 9)] * 3), spacing=st.tuples(*[st.floats(0.3, 5.0)] * 3))
def test_a_box_has_the_closed_form_of_its_bevelled_surface(
    sides: tuple[int, ...], spacing: tuple[float, ...]
) -> None:
    """At 0.5 a mesh runs through the middles between voxels: edges and corners are cut off."""
    found = shape_of(np.ones(sides, dtype=bool), np.array(spacing))
    n, s = np.array(sides), np.array(spacing)
    inner = (n - 1) * s
    edges = sum(inner[axis] * s[(axis + 1) % 3] * s[(axis + 2) % 3] / 2 for axis in range(3))
    volume = np.prod(n * s) - edges - 5 / 6 * np.prod(s)
    assert found["mesh_volume"] == pytest.approx(volume / 1000, rel=1e-6)
    assert found["volume"] == pytest.approx(np.prod(n * s) / 1000)


def test_parts_that_touch_at_a_corner_are_one() -> None:
    mask = np.zeros((9, 9, 9), dtype=bool)
    mask[1:3, 1:3, 1:3] = True
    mask[3:5, 3:5, 3:5] = True
    mask[7, 7, 7] = True
    found = shape_of(mask, np.ones(3))
    assert (found["count"], found["largest_part"]) == (2.0, 0.016)


def test_an_empty_lesion_is_a_volume_of_zero_and_nothing_else() -> None:
    assert shape_of(np.zeros((4, 4, 4), dtype=bool), np.ones(3)) == {"volume": 0.0, "count": 0.0}


def test_equal_values_have_neither_skewness_nor_kurtosis() -> None:
    found = first_order(np.full(20, 7.0), voxel_mm3=1.0)
    assert not {"skewness", "kurtosis"} & set(found)
    assert (found["entropy"], found["uniformity"], found["variance"]) == (0.0, 1.0, 0.0)


@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.integers(-3000, 3000), min_size=2, max_size=60), shift=st.integers(1, 9))
def test_a_shift_by_whole_bins_moves_places_and_leaves_shapes(
    values: list[int], shift: int
) -> None:
    first = first_order(np.array(values, dtype=float), voxel_mm3=1.0)
    second = first_order(np.array(values, dtype=float) + 25.0 * shift, voxel_mm3=1.0)
    for name in ("variance", "entropy", "uniformity", "interquartile_range", "range"):
        assert second[name] == pytest.approx(first[name], rel=1e-6, abs=1e-6)
    for name in ("mean", "median", "percentile_10", "minimum"):
        assert second[name] == pytest.approx(first[name] + 25.0 * shift, abs=1e-6)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    scan, masks, affine = head()
    return measured(tmp_path_factory.mktemp("plain"), scan, masks, affine)


def test_a_head_shows_what_was_drawn(plain: dict[str, Any]) -> None:
    values = plain["values"]
    expected = {
        "lesion_volume": (12.0, 0.04), "flair_volume": (12.0, 0.04), "oedema_volume": (20.0, 0.04),
        "ventricle_volume": (25.0, 0.04), "brain_volume": (1300.0, 0.04),
        # Ventricles of 25 mL that were pushed by 4 mm, in voxels of 4 mm.
        "midline_shift_proxy": (4.0, 0.5), "lesion_asymmetry": (1.0, 0.0),
        "brain_asymmetry": (0.0, 0.01), "lesion_normal_ratio": (1.8, 0.02),
        "lesion_contralateral_ratio": (1.8, 0.02), "oedema_normal_ratio": (1.35, 0.02),
        "lesion_contrast": (0.8 * 300 / 15, 0.4), "ventricle_share": (25 / 1300, 0.001),
    }  # fmt: skip
    for name, (value, within) in expected.items():
        assert values[name] == pytest.approx(value, abs=within), name
    assert plain["flags"] == []


def test_every_measurement_stands_in_the_catalogue_and_within_its_limits(
    plain: dict[str, Any],
) -> None:
    assert len(plain["values"]) > 40
    for name, value in plain["values"].items():
        entry = load_catalogue()[f"imaging.{name}"]
        low, high = entry.soft_limits or entry.hard_limits
        assert low <= value <= high, name


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_head_that_is_stored_otherwise_gives_the_same(
    tmp_path: Path, plain: dict[str, Any], orientation: str
) -> None:
    scan, masks, affine = head()
    found = measured(tmp_path, scan, masks, affine, orientation=orientation)
    assert found["values"] == pytest.approx(plain["values"], rel=1e-6, abs=1e-6)
    assert found["picture"] == plain["picture"]


@pytest.mark.parametrize("degrees", [4.0, 10.0])
def test_a_tilted_head_keeps_its_midline(tmp_path: Path, degrees: float) -> None:
    """The grid is turned against the head, the header does not know it."""
    from scipy.ndimage import rotate

    _, masks, affine = head(oedema_ml=0.0, shift_mm=0.0)
    turned = {
        name: rotate(mask.astype(float), degrees, axes=(0, 1), reshape=False, order=1) > 0.5
        for name, mask in masks.items()
    }
    scan = 300.0 * turned["brain"] + 200.0 * turned["lesion"]
    values = measured(tmp_path, scan.astype(np.int16), turned, affine)["values"]
    assert values["midline_shift_proxy"] < 0.8
    assert values["brain_asymmetry"] < 0.02
    assert values["lesion_asymmetry"] == 1.0
    assert values["lesion_contralateral_ratio"] == pytest.approx(5 / 3, abs=0.03)


def test_without_sides_nothing_that_needs_them_is_measured(tmp_path: Path) -> None:
    import nibabel

    scan, masks, _ = head()
    files = {}
    for name, voxels in {"scan": scan, **masks}.items():
        image = nibabel.Nifti1Image(voxels, None)
        image.header.set_zooms((4.0, 4.0, 4.0))
        files[name] = tmp_path / f"{name}.nii.gz"
        nibabel.save(image, files[name])
    found = measure_scan(files.pop("scan"), files, sequence="flair")
    of_sides = ("asymmetry", "midline", "contralateral")
    assert not [name for name in found["values"] if any(word in name for word in of_sides)]
    assert found["values"]["lesion_volume"] == pytest.approx(12.0, abs=0.04)
    assert "orientation_not_stated" in found["flags"]


def test_uptake_is_related_to_the_reference_region_whatever_the_unit(tmp_path: Path) -> None:
    scan, masks, affine = head()
    reference = np.zeros_like(masks["brain"])
    reference[20:24, 8:12, 18:22] = 1
    masks = {"brain": masks["brain"], "lesion": masks["lesion"], "reference": reference}
    found = measured(tmp_path, scan, masks, affine, sequence="pet")["values"]
    mean = scan[reference == 1].mean()
    assert found["lesion_suvr_mean"] == pytest.approx(scan[masks["lesion"] == 1].mean() / mean)
    assert found["lesion_suvr_max"] == pytest.approx(scan[masks["lesion"] == 1].max() / mean)
    assert found["brain_suvr"] == pytest.approx(scan[masks["brain"] == 1].mean() / mean)
    thrice = measured(tmp_path, (3 * scan.astype("f4")), masks, affine, sequence="pet")["values"]
    for name in ("lesion_suvr_mean", "lesion_suvr_max", "brain_suvr", "lesion_normal_ratio"):
        assert thrice[name] == pytest.approx(found[name], rel=1e-6)
    assert not [
        name for name in measured(tmp_path, scan, masks, affine)["values"] if "suvr" in name
    ]


def test_hounsfield_units_make_no_ratios(tmp_path: Path) -> None:
    scan, masks, affine = head()
    values = measured(tmp_path, scan, masks, affine, sequence="ct")["values"]
    assert not [name for name in values if "ratio" in name]
    assert "lesion_contrast" in values


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda scan, masks: (scan, dict(list(masks.items())[:0])), "no_mask"),
        (lambda scan, masks: (scan, masks | {"brain": 0 * masks["brain"]}), "mask_empty"),
        (lambda scan, masks: (scan, masks | {"brain": masks["lesion"]}), "implausible_brain"),
        (
            lambda scan, masks: (np.where(masks["lesion"], np.nan, scan).astype("f4"), masks),
            "not_finite",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused(tmp_path: Path, change: Any, code: str) -> None:
    scan, masks, affine = head()
    with pytest.raises(RefusedError) as caught:
        measured(tmp_path, *change(scan, masks), affine)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        (lambda m: m | {"lesion": 0 * m["lesion"]}, "no_lesion"),
        (lambda m: m | {"lesion": np.roll(m["lesion"], 20, axis=0)}, "lesion_outside_brain"),
        (lambda m: {"lesion": np.roll(m["lesion"], -16, axis=0) | np.eye(44, 52, dtype="u1")[
            :, :, None]}, "at_the_edge"),
    ],
)  # fmt: skip
def test_what_is_odd_is_flagged(tmp_path: Path, change: Any, flag: str) -> None:
    scan, masks, affine = head()
    assert flag in measured(tmp_path, scan, change(masks), affine)["flags"]


def test_a_lesion_of_a_few_voxels_has_a_volume_and_no_shape(tmp_path: Path) -> None:
    scan, masks, affine = head()
    small = np.zeros_like(masks["lesion"])
    small[14, 30, 22:25] = 1
    found = measured(tmp_path, scan, masks | {"lesion": small}, affine)
    assert "few_voxels" in found["flags"]
    assert found["values"]["lesion_volume"] == pytest.approx(3 * 0.064)
    assert not [n for n in found["values"] if "intensity" in n or "spher" in n or ("contrast" in n
                and n.startswith("lesion"))]  # fmt: skip


def test_no_picture_shows_anything_outside_the_brain(tmp_path: Path) -> None:
    """A face would be a name."""
    import base64

    scan, masks, affine = head()
    bright = np.where(masks["brain"], scan, 30_000).astype(np.int16)
    found = measured(tmp_path, bright, masks, affine)["picture"]
    cells = np.frombuffer(base64.b64decode(found["shades"]), dtype=np.uint8)
    assert cells.reshape(found["rows"], found["columns"]).shape == (96, 288)
    plain = measured(tmp_path, scan, masks, affine)["picture"]
    assert found == plain
    alone = measured(tmp_path, scan, {"lesion": masks["lesion"]}, affine)["picture"]
    assert alone != plain


def test_labels_of_one_file_are_several_masks(tmp_path: Path, plain: dict[str, Any]) -> None:
    scan, masks, affine = head()
    labels = np.zeros(scan.shape, dtype=np.uint8)
    for number, name in enumerate(("brain", "ventricles", "lesion", "oedema"), start=1):
        labels[masks[name] == 1] = number
    file = nifti(tmp_path / "labels.nii.gz", labels, affine)
    chosen = {"brain": (1, 2, 3, 4), "ventricles": (2,), "lesion": (3,), "oedema": (4,)}
    found = measure_scan(
        nifti(tmp_path / "scan.nii.gz", scan, affine), dict.fromkeys(chosen, file),
        labels=chosen, sequence="flair",
    )  # fmt: skip
    assert found["values"] == pytest.approx(plain["values"])
