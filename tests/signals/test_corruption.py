"""Damaged files: refused, or read whole; never half, and never a crash."""

import json
from pathlib import Path

import pytest

from icans_risk.signals.eeg.reasons import REASONS
from icans_risk.signals.eeg.work import work
from icans_risk.synthetic.edf import write_edf
from icans_risk.workflow.eeg import measure_recordings
from icans_risk.workflow.kinds import Reading
from signals.brains import labels, pink
from signals.corruption import KINDS, corrupt, stated_samples, whole

PER_KIND = 8
MANY = 2_000


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("good") / "good.edf"
    write_edf(file, pink(100, slope=1.0, size=15.0, seconds=60), 100, labels=labels())
    return file.read_bytes()


def check_whole(content: bytes, found: dict[str, object], kind: str) -> None:
    """A recording that is used was read to its last sample."""
    if found["refused"] is not None:
        assert found["refused"] in REASONS
        return
    assert kind not in ("cut", "inserted")
    assert found["samples"] == stated_samples(content)
    header, records = whole(content, 184, 8), whole(content, 236, 8)
    signals = whole(content, 252, 4)
    begin = 256 + signals * 216
    widths = [whole(content, begin + 8 * n, 8) for n in range(signals)]
    assert len(content) == header + 2 * records * sum(widths)


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_refused_or_read_whole(tmp_path: Path, good: bytes, kind: str) -> None:
    file = tmp_path / "a.edf"
    number = list(KINDS).index(kind)
    for seed in range(number, number + PER_KIND * len(KINDS), len(KINDS)):
        of_kind, content = corrupt(good, seed)
        assert of_kind == kind
        file.write_bytes(content)
        found = work({"path": str(file)})
        json.dumps(found, allow_nan=False)
        check_whole(content, found, kind)


@pytest.mark.slow
def test_two_thousand_damaged_files_stop_no_list(tmp_path: Path, good: bytes) -> None:
    damaged = [corrupt(good, seed) for seed in range(MANY)]
    for seed, (_, content) in enumerate(damaged):
        (tmp_path / f"{seed}.edf").write_bytes(content)
    rows = [f"{seed}.edf,E{seed},1,protocol" for seed in range(MANY)]
    table = tmp_path / "recordings.csv"
    table.write_text("\n".join(["file,episode_id,started_h,ordered_as", *rows, ""]))
    summary = measure_recordings(table, tmp_path / "out", reading=Reading(turnaround=6.0))
    assert summary["recordings"] == MANY
    assert summary["used"] + sum(summary["refused"].values()) == MANY
    # A worker that broke down is no way to notice damage.
    assert not {"crash", "memory", "time"} & set(summary["refused"])
    listed = json.loads((tmp_path / "out" / "quality.json").read_text())["recordings"]
    for (kind, content), found in zip(damaged, listed, strict=True):
        refused = found["refused"]
        code = None if refused is None else refused["code"]
        # Equal damage, or none that a header shows, makes equal files of several episodes.
        check_whole(content, found | {"refused": code}, kind)
    assert 0 < summary["used"] < MANY
