"""Damaged volumes: refused, or read whole; never half, and never a crash."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icans_risk.signals.imaging.reasons import REASONS
from icans_risk.signals.imaging.work import work
from icans_risk.synthetic.nifti import write_nifti
from icans_risk.workflow.imaging import measure_scans
from icans_risk.workflow.kinds import Reading
from signals.volume_damage import HEADER_BYTES, KINDS, corrupt
from signals.volumes import nrrd

SHAPE = (12, 14, 10)
FORMATS = (".nii", ".nii.gz", ".nrrd", "raw.nrrd")
PER_KIND = 7
MANY = 2_000
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("good")
    voxels = np.random.default_rng(1).integers(0, 900, SHAPE).astype(np.int16)
    directions = "(2,0,0) (0,2,0) (0,0,2)"
    write_nifti(folder / "a.nii", voxels, AFFINE)
    write_nifti(folder / "a.nii.gz", voxels, AFFINE)
    nrrd(folder / "a.nrrd", voxels, directions=directions)
    nrrd(folder / "araw.nrrd", voxels, directions=directions, encoding="raw")
    return {suffix: (folder / f"a{suffix}").read_bytes() for suffix in FORMATS}


def header_bytes(content: bytes) -> int:
    return content.index(b"\n\n") + 2 if content.startswith(b"NRRD") else HEADER_BYTES


def write_mask(folder: Path) -> dict[str, Any]:
    mask = np.zeros(SHAPE, dtype=np.uint8)
    mask[4:8, 5:9, 3:7] = 1
    write_nifti(folder / "mask.nii.gz", mask, AFFINE)
    return {"lesion": {"path": str(folder / "mask.nii.gz"), "labels": []}}


def stated_bytes(content: bytes) -> int:
    """How many bytes a plain file has by its own header, as simply as possible."""
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if content.startswith(b"NRRD"):
        return len(content)
    order = "<" if int.from_bytes(content[:4], "little") == 348 else ">"
    sides = np.frombuffer(content[40:56], dtype=f"{order}i2")
    bits = int(np.frombuffer(content[72:74], dtype=f"{order}i2")[0])
    offset = int(np.frombuffer(content[108:112], dtype=f"{order}f4")[0])
    return offset + int(np.prod(sides[1 : sides[0] + 1], dtype=np.int64)) * bits // 8


def check_whole(content: bytes, found: dict[str, Any], kind: str) -> None:
    """A volume that is used was read to its last voxel."""
    if found["refused"] is not None:
        assert found["refused"] in REASONS
        assert found["refused"] not in ("crash", "memory", "time")
        return
    assert kind not in ("cut", "inserted") or content.startswith(b"NRRD")
    plain = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    assert len(plain) == stated_bytes(content)
    assert np.prod(found["shape"]) == np.prod(SHAPE)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_volume_is_refused_or_read_whole(
    tmp_path: Path, good: dict[str, bytes], kind: str, suffix: str
) -> None:
    file, masks = tmp_path / f"a{suffix}", write_mask(tmp_path)
    number = list(KINDS).index(kind)
    for seed in range(number, number + PER_KIND * len(KINDS), len(KINDS)):
        of_kind, content = corrupt(good[suffix], seed, header=header_bytes(good[suffix]))
        assert of_kind == kind
        file.write_bytes(content)
        found = work({"path": str(file), "masks": masks, "sequence": "t1"})
        json.dumps(found, allow_nan=False)
        check_whole(content, found, kind)


def test_a_damaged_mask_is_refused_or_read_whole(tmp_path: Path, good: dict[str, bytes]) -> None:
    masks = write_mask(tmp_path)
    content = Path(masks["lesion"]["path"]).read_bytes()
    (tmp_path / "a.nii").write_bytes(good[".nii"])
    codes = set()
    for seed in range(80):
        _, damaged = corrupt(content, seed, header=HEADER_BYTES)
        (tmp_path / "mask.nii.gz").write_bytes(damaged)
        found = work({"path": str(tmp_path / "a.nii"), "masks": masks, "sequence": "t1"})
        json.dumps(found, allow_nan=False)
        codes.add(found["refused"])
        assert found["refused"] is None or found["refused"].startswith("mask_")
    assert len(codes) >= 4


@pytest.mark.slow
def test_two_thousand_damaged_volumes_stop_no_list(tmp_path: Path, good: dict[str, bytes]) -> None:
    write_mask(tmp_path)
    damaged = []
    for seed in range(MANY):
        suffix = FORMATS[seed // len(KINDS) % len(FORMATS)]
        kind, content = corrupt(good[suffix], seed, header=header_bytes(good[suffix]))
        damaged.append((f"{seed}{suffix}", kind, content))
        (tmp_path / f"{seed}{suffix}").write_bytes(content)
    rows = [f"{name},E{n},1,protocol,mask.nii.gz" for n, (name, _, _) in enumerate(damaged)]
    table = tmp_path / "scans.csv"
    table.write_text("\n".join(["file,episode_id,scanned_h,ordered_as,lesion", *rows, ""]))
    summary = measure_scans(table, tmp_path / "out", reading=Reading(turnaround=6.0))
    assert summary["scans"] == MANY
    assert summary["used"] + sum(summary["refused"].values()) == MANY
    # A worker that broke down is no way to notice damage.
    assert not {"crash", "memory", "time"} & set(summary["refused"])
    listed = json.loads((tmp_path / "out" / "quality.json").read_text())["scans"]
    for (_, kind, content), found in zip(damaged, listed, strict=True):
        refused = found["refused"]
        check_whole(content, found | {"refused": refused and refused["code"]}, kind)
    assert 0 < summary["used"] < MANY
