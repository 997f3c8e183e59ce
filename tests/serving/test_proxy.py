"""MLflow's server behind the shipped proxy: hostile requests get their status and nothing else."""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from icans_risk.serving import score
from icans_risk.serving.records import to_arrow
from icans_risk.serving.wire import wire_rows
from serving.attacks import ATTACKS, PLANTED, Attack, body_of
from serving.example import Example
from serving.servers import Answer, Proxied, mlflow_server, nginx_proxy, send

pytestmark = [pytest.mark.slow, pytest.mark.needs_nginx]


@pytest.fixture(scope="module")
def good(example: Example) -> list[dict[str, str]]:
    """Patients who are answered."""
    cohort = example.cohort
    told = score(cohort, [example.served], data_kind="synthetic").predictions
    rows = wire_rows(cohort)[(told["status"] == "answered").to_numpy()]
    found: list[dict[str, str]] = rows.to_dict("records")
    return found[:4]


@pytest.fixture(scope="module")
def known(example: Example) -> dict[str, Any]:
    """The records of file scoring, by episode."""
    records = to_arrow(score(example.cohort, [example.served], data_kind="synthetic")).to_pylist()
    return {record["episode_id"]: record for record in records}


@pytest.fixture(scope="module")
def proxied(
    logged: Path, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxied]:
    """Both servers, started once for all attacks."""
    folder = tmp_path_factory.mktemp("proxied")
    shipped = root / "configs" / "serving" / "nginx.conf"
    with mlflow_server(logged, folder) as port, nginx_proxy(shipped, folder, port) as both:
        yield both


def leaks(text: str, root: Path) -> list[str]:
    paths = (str(root), sys.prefix, "site-packages", "/tmp/", '.py"', 'File "')
    return [word for word in (*PLANTED, *paths, "Traceback") if word in text]


def without_identifiers(answer: Answer) -> str:
    records = [{k: v for k, v in r.items() if k != "episode_id"} for r in answer.predictions]
    return json.dumps(records, ensure_ascii=False)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_gets_its_status_and_nothing_that_it_brought(
    proxied: Proxied,
    good: list[dict[str, str]],
    known: dict[str, Any],
    root: Path,
    attack: Attack,
) -> None:
    answer = send(proxied.port, attack.make(proxied, good))
    assert answer.status == attack.status, answer.head + answer.body[:500]
    said = answer.body.decode()
    if answer.status == 200:
        assert tuple(record["status"] for record in answer.predictions) == attack.patients
        said = without_identifiers(answer)
    elif answer.status:
        assert list(json.loads(said)) == ["error"]
    assert leaks(answer.head.decode() + said, root) == []
    for log in proxied.logs:
        text = log.read_text(encoding="utf-8")
        assert [word for word in PLANTED if word in text] == [], log.name
    after = send(proxied.port, proxied.request(body=body_of(good[1])))
    (record,) = after.predictions
    assert record == known[record["episode_id"]]


def test_clients_who_ask_at_once_get_each_their_own(
    proxied: Proxied, example: Example, known: dict[str, Any]
) -> None:
    """MLflow scores in threads."""
    rows = wire_rows(example.cohort).to_dict("records")[:24]
    with ThreadPoolExecutor(8) as clients:
        requests = [proxied.request(body=body_of(row)) for row in rows]
        answers = list(clients.map(lambda request: send(proxied.port, request), requests))
    for row, answer in zip(rows, answers, strict=True):
        assert answer.predictions == [known[json.loads(row["episode"])["episode_id"]]]
