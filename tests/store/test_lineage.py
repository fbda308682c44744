from collections.abc import Callable

import pytest

from studio.errors import AssetNotFoundError
from studio.store import Edge, NewAsset, Store

MakeAsset = Callable[..., NewAsset]


def test_parents_and_children_all_the_way(store: Store, make: MakeAsset) -> None:
    photo = store.add(make()).id
    other = store.add(make()).id
    albedo = store.add(make(parents=(("image", photo),))).id
    pbr = store.add(make(parents=(("albedo", albedo), ("mask", other)))).id
    sheet = store.add(make(parents=(("pictures", pbr), ("pictures", albedo)))).id
    sibling = store.add(make(parents=(("image", photo),))).id
    lineage = store.get_lineage(albedo)
    assert [node.id for node in lineage.nodes] == [photo, albedo, pbr, sheet]
    assert sibling not in [node.id for node in lineage.nodes]
    assert set(lineage.edges) == {
        Edge(photo, albedo, "image"),
        Edge(albedo, pbr, "albedo"),
        Edge(pbr, sheet, "pictures"),
        Edge(albedo, sheet, "pictures"),
    }
    assert lineage.is_complete
    with pytest.raises(AssetNotFoundError):
        store.get_lineage("zzz")


def test_a_slot_keeps_order_and_repetition(store: Store, make: MakeAsset) -> None:
    a, b = store.add(make()).id, store.add(make()).id
    child = store.add(make(parents=(("many", b), ("many", a), ("many", b)))).id
    edges = store.get_lineage(child).edges
    assert [edge.parent for edge in edges] == [b, a, b]


def test_a_parent_purged_meanwhile_is_passed_over(
    store: Store, make: MakeAsset, caplog: pytest.LogCaptureFixture
) -> None:
    kept = store.add(make()).id
    child = store.add(make(parents=(("image", "0" * 26), ("image", kept)))).id
    assert store.get_lineage(child).edges == (Edge(kept, child, "image"),)
    assert "is gone" in caplog.text


def test_a_circle_made_by_hand_ends(store: Store, make: MakeAsset) -> None:
    a = store.add(make()).id
    b = store.add(make(parents=(("x", a),))).id
    with store.database.transaction() as connection:
        connection.execute(
            "INSERT INTO lineage VALUES(?, 'x', 0, ?)", (store.get_number(a), store.get_number(b))
        )
    assert len(store.get_lineage(a).nodes) == 2


def test_a_huge_graph_is_cut(store: Store, make: MakeAsset) -> None:
    from studio.store.lineage import find_ancestors

    last = store.add(make()).id
    for _ in range(5):
        last = store.add(make(parents=(("x", last),))).id
    assert len(find_ancestors(store.database, store.get_number(last), 3)) == 3
