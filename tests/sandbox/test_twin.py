"""A second secure cluster, whose realm has the same name as prod's."""

from __future__ import annotations

from tests.sandbox.test_prod import Login


def test_two_clusters_of_one_realm_name_know_their_own_users_only(sandbox, own, tmp_path):
    own.run("up", "--only", "twin")
    for folder in ("prod", "twin"):
        (tmp_path / folder).mkdir()
    prod = Login(sandbox, "alice", tmp_path / "prod")
    twin = Login(own, "alice", tmp_path / "twin", cluster="twin")
    urls = {
        "prod": f"{sandbox.resourcemanager('prod')}/ws/v1/cluster/metrics",
        "twin": f"{own.resourcemanager('twin')}/ws/v1/cluster/metrics",
    }
    assert [prod.rest("GET", urls["prod"])[0], twin.rest("GET", urls["twin"])[0]] == [200, 200]
    assert [prod.rest("GET", urls["twin"])[0], twin.rest("GET", urls["prod"])[0]] == [403, 403]
