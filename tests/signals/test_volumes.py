"""A volume is read to its last voxel, or refused for the reason that it gives."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.signals.imaging.header import MOST_BYTES, read_header
from icans_risk.signals.imaging.reasons import RefusedError
from icans_risk.signals.imaging.volume import read_mask, read_volume
from signals.volumes import nifti, nrrd

VOXELS = np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7)
DATA = Path(__file__).parents[1] / "data"


def refusal(file: Path) -> str:
    with pytest.raises(RefusedError) as caught:
        read_volume(file)
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "code", "figures"),
    [
        ("functional.nii", "several_volumes", {"volumes": 20.0}),
        ("example4d.nii.gz", "several_volumes", {"volumes": 2.0}),
        ("example_nifti2.nii.gz", "several_volumes", {"volumes": 2.0}),
    ],
)
def test_a_series_is_refused_by_its_number_of_volumes(
    name: str, code: str, figures: dict[str, float]
) -> None:
    with pytest.raises(RefusedError) as caught:
        read_volume(DATA / "nifti_edge_cases" / name)
    assert (caught.value.code, caught.value.figures) == (code, figures)


def test_a_big_endian_volume_is_what_nibabel_reads() -> None:
    file = DATA / "nifti_edge_cases" / "anatomical.nii"
    volume, image = read_volume(file), nibabel.as_closest_canonical(nibabel.load(file))
    assert volume.voxels.shape == (33, 41, 25)
    assert volume.header.dtype == np.dtype(">i2")
    assert np.array_equal(volume.voxels, np.asarray(image.dataobj))
    assert volume.affine == pytest.approx(image.affine)


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "f4", "f8", "i1", "u2", "u4", "i8", "u8"])
def test_every_type_is_what_nibabel_reads(
    tmp_path: Path, kind: type[Any], suffix: str, dtype: str
) -> None:
    voxels = (VOXELS % 120).astype(dtype)
    image = kind(voxels, np.diag([2.0, 3.0, 4.0, 1.0]), dtype=voxels.dtype)
    nibabel.save(image, tmp_path / f"a{suffix}")
    volume = read_volume(tmp_path / f"a{suffix}")
    assert np.array_equal(volume.voxels, voxels)
    assert volume.spacing.tolist() == [2.0, 3.0, 4.0]


def test_scaling_is_applied_to_values(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(VOXELS.astype("f8") * 0.37 - 12.0, np.eye(4))
    image.header.set_data_dtype(np.int16)
    nibabel.save(image, tmp_path / "a.nii.gz")
    everything = np.ones(VOXELS.shape, dtype=bool)
    expected = np.asarray(nibabel.load(tmp_path / "a.nii.gz").dataobj)[everything]
    assert read_volume(tmp_path / "a.nii.gz").values(everything) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(
    quaternion=st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: sum(x * x for x in q) > 0.01),
    spacing=st.tuples(*[st.floats(0.3, 6.0)] * 3),
    left_handed=st.booleans(),
    coded=st.sampled_from(["sform", "qform"]),
)
def test_a_turned_grid_is_that_of_nibabel(
    tmp_path_factory: pytest.TempPathFactory,
    quaternion: tuple[float, ...],
    spacing: tuple[float, ...],
    left_handed: bool,
    coded: str,
) -> None:
    """Values stay in their places, whichever way the axes of the file run."""
    file = tmp_path_factory.mktemp("turned") / "a.nii"
    affine = np.eye(4)
    turn = nibabel.quaternions.quat2mat(quaternion)
    affine[:3, :3] = turn @ np.diag([-spacing[0] if left_handed else spacing[0], *spacing[1:]])
    affine[:3, 3] = [7.0, -3.0, 11.0]
    image = nibabel.Nifti1Image(VOXELS, None)
    image.set_sform(affine, code=1 if coded == "sform" else 0)
    image.set_qform(affine, code=1 if coded == "qform" else 0)
    nibabel.save(image, file)
    volume = read_volume(file)
    by_place = {
        int(value): nibabel.affines.apply_affine(affine, place)
        for place, value in np.ndenumerate(VOXELS)
    }
    for place, value in np.ndenumerate(volume.voxels):
        assert nibabel.affines.apply_affine(volume.affine, place) == pytest.approx(
            by_place[int(value)], abs=1e-3
        )
    assert (np.diag(volume.affine)[:3] > 0).sum() >= 2
    assert np.sort(volume.spacing) == pytest.approx(np.sort(spacing), rel=1e-4)


def test_a_header_without_orientation_has_sizes_and_says_so(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(VOXELS, None)
    image.header.set_zooms((2.0, 2.0, 3.0))
    image.header.set_xyzt_units("mm")
    file = tmp_path / "a.nii"
    nibabel.save(image, file)
    header = read_header(file)
    assert not header.is_oriented
    assert header.flags == ("orientation_not_stated",)
    assert read_volume(file).spacing.tolist() == [2.0, 2.0, 3.0]


@pytest.mark.parametrize(("unit", "factor"), [("meter", 1000.0), ("mm", 1.0), ("micron", 0.001)])
def test_units_of_length_are_turned_into_mm(tmp_path: Path, unit: str, factor: float) -> None:
    affine = np.diag([2.0 / factor, 2.0 / factor, 3.0 / factor, 1.0])
    header = read_header(nifti(tmp_path / "a.nii", VOXELS, affine, unit=unit))
    assert np.abs(np.diag(header.affine)[:3]) == pytest.approx([2.0, 2.0, 3.0])
    assert header.flags == ()


def test_a_length_without_unit_is_taken_for_mm_and_flagged(tmp_path: Path) -> None:
    assert read_header(nifti(tmp_path / "a.nii", VOXELS, unit="unknown")).flags == (
        "unit_not_stated",
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"magic": b"ni1"}, "detached"),
        ({"magic": b"n+9"}, "malformed_header"),
        ({"magic": b""}, "unsupported_format"),
        ({"datatype": 128, "bitpix": 24}, "unsupported_type"),
        ({"datatype": 32, "bitpix": 64}, "unsupported_type"),
        ({"datatype": 1, "bitpix": 1}, "unsupported_type"),
        ({"bitpix": 32}, "malformed_header"),
        ({"vox_offset": 100.0}, "malformed_header"),
        ({"vox_offset": 352.5}, "malformed_header"),
        ({"vox_offset": np.nan}, "malformed_header"),
        ({"vox_offset": 1e9}, "malformed_header"),
        ({"vox_offset": 368.0}, "truncated"),
        ({"dim": [9, 5, 6, 7, 1, 1, 1, 1]}, "malformed_header"),
        ({"dim": [3, 5, -6, 7, 1, 1, 1, 1]}, "malformed_header"),
        ({"dim": [2, 5, 6, 1, 1, 1, 1, 1]}, "not_three_dimensional"),
        ({"dim": [3, 5, 6, 8, 1, 1, 1, 1]}, "truncated"),
        ({"dim": [3, 5, 6, 6, 1, 1, 1, 1]}, "longer_than_stated"),
        ({"dim": [3, 30000, 30000, 1000, 1, 1, 1, 1]}, "too_large"),
        ({"scl_slope": np.inf}, "malformed_header"),
        ({"scl_slope": 2.0, "scl_inter": np.nan}, "malformed_header"),
        ({"sform_code": 9}, "malformed_header"),
        ({"sform_code": -1}, "malformed_header"),
        ({"xyzt_units": 5}, "malformed_header"),
        ({"srow_x": [np.nan, 0, 0, 0]}, "malformed_header"),
        ({"srow_x": [0, 0, 0, 0]}, "affines_disagree"),
        ({"srow_x": [1.1, 0, 0, 0]}, "affines_disagree"),
        ({"srow_x": [50, 0, 0, 0], "pixdim": [1, 50, 1, 1, 0, 0, 0, 0]}, "implausible_spacing"),
        ({"srow_x": [1, 0.3, 0, 0]}, "sheared"),
        ({"sform_code": 0, "qform_code": 1, "quatern_b": np.nan}, "malformed_header"),
        ({"sform_code": 0, "qform_code": 1, "quatern_b": 3.0}, "malformed_header"),
        ({"sform_code": 0, "qform_code": 0, "pixdim": 0}, "spacing_not_stated"),
    ],
)
def test_a_field_that_cannot_be_is_refused(
    tmp_path: Path, fields: dict[str, Any], code: str
) -> None:
    file = nifti(tmp_path / "a.nii", VOXELS)
    content = bytearray(file.read_bytes())
    header = nibabel.Nifti1Header(bytes(content[:348]), check=False)
    for name, value in fields.items():
        header[name] = value
    content[:348] = header.binaryblock
    file.write_bytes(bytes(content))
    assert refusal(file) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda content: content[:0], "unsupported_format"),
        (lambda content: content[:3], "unsupported_format"),
        (lambda content: content[:200], "truncated"),
        (lambda content: content[:348], "truncated"),
        (lambda content: content[:-1], "truncated"),
        (lambda content: content + b"\0", "longer_than_stated"),
        (lambda content: bytes(len(content)), "unsupported_format"),
        (lambda content: b"GIF89a" + content, "unsupported_format"),
        (lambda content: bytes(128) + b"DICM" + content, "dicom"),
    ],
)
@pytest.mark.parametrize("is_compressed", [False, True])
def test_a_file_of_another_length_or_kind_is_refused(
    tmp_path: Path, change: Callable[[bytes], bytes], code: str, is_compressed: bool
) -> None:
    content = change(nifti(tmp_path / "a.nii", VOXELS).read_bytes())
    (tmp_path / "a.nii").write_bytes(gzip.compress(content) if is_compressed else content)
    assert refusal(tmp_path / "a.nii") == code


def test_damaged_compression_is_noticed(tmp_path: Path) -> None:
    content = nifti(tmp_path / "a.nii.gz", VOXELS).read_bytes()
    (tmp_path / "a.nii.gz").write_bytes(content[:-20])
    assert refusal(tmp_path / "a.nii.gz") == "truncated"
    (tmp_path / "a.nii.gz").write_bytes(content[:-8] + b"abcd" + content[-4:])
    assert refusal(tmp_path / "a.nii.gz") == "damaged_compression"
    (tmp_path / "a.nii.gz").write_bytes(content + b"more")
    assert refusal(tmp_path / "a.nii.gz") == "longer_than_stated"


def test_a_file_compressed_in_members_is_read_whole(tmp_path: Path) -> None:
    content = nifti(tmp_path / "a.nii", VOXELS).read_bytes()
    parts = [gzip.compress(content[start : start + 100]) for start in range(0, len(content), 100)]
    (tmp_path / "a.nii").write_bytes(b"".join(parts))
    assert np.array_equal(read_volume(tmp_path / "a.nii").voxels, VOXELS)


def test_a_tiny_file_that_claims_terabytes_is_refused_at_once(tmp_path: Path) -> None:
    file = nifti(tmp_path / "a.nii", VOXELS)
    content = bytearray(file.read_bytes()[:452])
    struct.pack_into("<4h", content, 40, 3, 30000, 30000, 1000)
    file.write_bytes(bytes(content))
    with pytest.raises(RefusedError) as caught:
        read_volume(file)
    assert caught.value.code == "too_large"
    assert caught.value.figures == {"stated_bytes": 1.8e12, "most": MOST_BYTES}


def test_a_bomb_of_gzip_is_never_unpacked(tmp_path: Path) -> None:
    """A gigabyte of zeros behind a small volume: reading ends a piece behind the volume."""
    plain = nifti(tmp_path / "a.nii", VOXELS).read_bytes()
    bomb = gzip.compress(plain, mtime=0) + 200 * gzip.compress(bytes(2**20), 9, mtime=0)
    (tmp_path / "b.nii.gz").write_bytes(bomb)
    assert refusal(tmp_path / "b.nii.gz") == "longer_than_stated"


@pytest.mark.parametrize(
    ("name", "code"),
    [("a.dcm", "dicom"), ("DICOMDIR", "dicom"), ("a.hdr", "detached"), ("a.img", "detached"),
     ("a.nhdr", "detached"), ("a.mha", "unsupported_format"), ("a", "unsupported_format"),
     ("a.nii.bz2", "unsupported_format")],
)  # fmt: skip
def test_other_formats_are_refused_with_a_way_out(tmp_path: Path, name: str, code: str) -> None:
    nifti(tmp_path / "b.nii", VOXELS).rename(tmp_path / name)
    assert refusal(tmp_path / name) == code
    assert ("dcm2niix" in str(RefusedError(code))) == (code == "dicom")


@pytest.mark.parametrize("encoding", ["raw", "gzip", "gz"])
@pytest.mark.parametrize("endian", ["little", "big"])
def test_nrrd_is_read_in_every_encoding_and_order(
    tmp_path: Path, encoding: str, endian: str
) -> None:
    file = nrrd(tmp_path / "a.nrrd", VOXELS, encoding=encoding, endian=endian)
    assert np.array_equal(read_volume(file).voxels, VOXELS)


def test_nrrd_spaces_lead_to_right_front_and_top(tmp_path: Path) -> None:
    directions = "(2,0,0) (0,2,0) (0,0,3)"
    ras = read_volume(nrrd(tmp_path / "a.nrrd", VOXELS, directions=directions))
    lps = read_volume(
        nrrd(tmp_path / "b.nrrd", VOXELS[::-1, ::-1], directions=directions,
             space="left-posterior-superior",
             change={"space origin": "(-8,-10,0)"})
    )  # fmt: skip
    assert np.array_equal(ras.voxels, lps.voxels)
    assert lps.affine == pytest.approx(ras.affine)
    assert ras.header.flags == ()


def test_nrrd_without_a_space_has_spacings_only(tmp_path: Path) -> None:
    file = nrrd(tmp_path / "a.nrrd", VOXELS, without=("space", "space directions", "space origin"),
                more=("spacings: 1.5 1.5 4",))  # fmt: skip
    volume = read_volume(file)
    assert volume.spacing.tolist() == [1.5, 1.5, 4.0]
    assert volume.header.flags == ("unit_not_stated", "orientation_not_stated")


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"more": ("data file: other.raw",)}, "detached"),
        ({"more": ("datafile: LIST",)}, "detached"),
        ({"more": ("byte skip: -1",)}, "unsupported_encoding"),
        ({"more": ("line skip: 3",)}, "unsupported_encoding"),
        ({"change": {"encoding": "bzip2"}}, "unsupported_encoding"),
        ({"change": {"encoding": "hex"}}, "unsupported_encoding"),
        ({"kind": "block"}, "unsupported_type"),
        ({"change": {"endian": "middle"}}, "malformed_header"),
        ({"without": ("endian",)}, "malformed_header"),
        ({"without": ("sizes",)}, "malformed_header"),
        ({"more": ("type: short",)}, "malformed_header"),
        ({"more": ("colour: red",)}, "malformed_header"),
        ({"change": {"dimension": "4"}}, "malformed_header"),
        ({"change": {"sizes": "5 6 -7"}}, "malformed_header"),
        ({"change": {"sizes": "5 6 0"}}, "malformed_header"),
        ({"change": {"sizes": "30000 30000 1000"}}, "too_large"),
        ({"change": {"sizes": "5 6 8"}}, "truncated"),
        ({"change": {"sizes": "5 6 6"}}, "longer_than_stated"),
        ({"change": {"dimension": "2", "sizes": "5 6"}}, "not_three_dimensional"),
        ({"change": {"dimension": "4", "sizes": "2 5 6 7"}}, "several_volumes"),
        ({"change": {"space": "moon"}}, "malformed_header"),
        ({"change": {"space directions": "(1,0,0) none (0,0,1)"}}, "malformed_header"),
        ({"change": {"space directions": "(1,0,0) (0,1,0)"}}, "malformed_header"),
        ({"change": {"space directions": "(1,0,0) (0,x,0) (0,0,1)"}}, "malformed_header"),
        ({"change": {"space directions": "(1,0.5,0) (0,1,0) (0,0,1)"}}, "sheared"),
        ({"change": {"space directions": "(0,0,0) (0,1,0) (0,0,1)"}}, "implausible_spacing"),
        ({"change": {"space origin": "none"}}, "malformed_header"),
        ({"more": ('space units: "m" "m" "m"',)}, "implausible_spacing"),
        ({"without": ("space directions",)}, "spacing_not_stated"),
    ],
)
def test_nrrd_that_is_not_understood_is_refused(
    tmp_path: Path, how: dict[str, Any], code: str
) -> None:
    assert refusal(nrrd(tmp_path / "a.nrrd", VOXELS, **how)) == code


def test_a_mask_has_to_lie_on_the_grid_of_the_scan(tmp_path: Path) -> None:
    scan = read_volume(nifti(tmp_path / "a.nii", VOXELS))
    mask = (VOXELS > 100).astype(np.uint8)
    good = nifti(tmp_path / "m.nii", mask, orientation="LPS")
    assert np.array_equal(read_mask(good, (), scan), VOXELS > 100)
    for affine in (np.diag([1.1, 1, 1, 1]), np.diag([-1.0, 1, 1, 1])):
        with pytest.raises(RefusedError) as caught:
            read_mask(nifti(tmp_path / "n.nii", mask, affine), (), scan)
        assert caught.value.code == "mask_grid_differs"
    with pytest.raises(RefusedError, match="another grid"):
        read_mask(nifti(tmp_path / "o.nii", mask[:, :-1]), (), scan)


@pytest.mark.parametrize(
    "labels",
    [(1,), (1, 4), (9,)],
)
def test_labels_are_chosen_by_number(tmp_path: Path, labels: tuple[int, ...]) -> None:
    scan = read_volume(nifti(tmp_path / "a.nii", VOXELS))
    values = (VOXELS % 5).astype(np.uint8)
    file = nifti(tmp_path / "m.nii", values)
    assert np.array_equal(read_mask(file, labels, scan), np.isin(values, labels))


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ((VOXELS % 5).astype(np.float32), "mask_has_several_labels"),
        ((VOXELS / 209.0).astype(np.float32), "mask_not_labels"),
        (np.where(VOXELS > 100, np.nan, 0.0).astype(np.float32), "mask_not_labels"),
        (np.where(VOXELS > 100, 0.5, 0.0).astype(np.float32), "mask_not_labels"),
    ],
)
def test_a_mask_of_other_numbers_than_one_label_is_refused(
    tmp_path: Path, values: Any, code: str
) -> None:
    scan = read_volume(nifti(tmp_path / "a.nii", VOXELS))
    with pytest.raises(RefusedError) as caught:
        read_mask(nifti(tmp_path / "m.nii", values), (), scan)
    assert caught.value.code == code


def test_a_broken_mask_is_refused_as_a_mask(tmp_path: Path) -> None:
    scan = read_volume(nifti(tmp_path / "a.nii", VOXELS))
    (tmp_path / "m.nii").write_bytes((tmp_path / "a.nii").read_bytes()[:-3])
    for name, code in (("m.nii", "mask_unreadable"), ("none.nii", "mask_not_found")):
        with pytest.raises(RefusedError) as caught:
            read_mask(tmp_path / name, (), scan)
        assert caught.value.code == code
