"""Which servers run, and which of them works on which queue."""

from __future__ import annotations

from meterbase.servers import application_servers


def test_each_cluster_works_on_its_own_queue(tmp_path):
    servers = application_servers(
        host="127.0.0.1", port=8000, environment={"Q_CLUSTER_NAME": "left over"}, logs=tmp_path
    )

    queues = {one.name: one.environment.get("Q_CLUSTER_NAME") for one in servers}
    assert queues == {"web": None, "worker": None, "posting": "posting", "sweeper": None}
    assert {one.log for one in servers} == {tmp_path / f"{name}.log" for name in queues}
