"""The journal and the attacks it must show."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from recoup.journal import guard, operations, queries
from recoup.journal.kinds import Kind
from recoup.journal.models import EditForbidden, Event, Head
from recoup.kernel.actors import Actor, Viewer

Happened = Kind("test.happened", "Something happened")
BY = Actor.system("test")

pytestmark = pytest.mark.django_db


def write(at, n=3, **data):
    for i in range(n):
        with operations.record(Happened, by=BY, at=at, number=i, **data):
            pass


@pytest.fixture
def unguarded():
    """An intruder with the database's own rights."""
    guard.remove(connection)
    yield
    guard.install(connection)


def test_events_are_numbered_without_a_gap(at):
    write(at, 5)

    assert list(Event.objects.order_by("position").values_list("position", flat=True)) == [
        1, 2, 3, 4, 5,
    ]  # fmt: skip
    assert queries.verify().is_whole


def test_an_operation_that_fails_leaves_no_event(at):
    with pytest.raises(RuntimeError), operations.record(Happened, by=BY, at=at):
        raise RuntimeError("in the middle")

    assert Event.objects.count() == 0
    assert queries.position() == 0


def test_an_arrow_runs_in_the_same_transaction_and_fails_with_it(at, monkeypatch):
    def fail(event):
        raise RuntimeError("the next stage refused")

    monkeypatch.setitem(operations.ARROWS, "test.happened", [fail])
    with pytest.raises(RuntimeError):
        write(at, 1)

    assert Event.objects.count() == 0


def test_an_event_is_never_saved_again_nor_deleted(at):
    write(at, 1)
    event = Event.objects.get()

    with pytest.raises(EditForbidden):
        event.save()
    with pytest.raises(EditForbidden):
        event.delete()


@pytest.mark.parametrize("attack", [
    "UPDATE journal_event SET data = '{}'", "DELETE FROM journal_event",
])  # fmt: skip
def test_the_database_itself_refuses(at, attack):
    write(at, 1)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(attack)


def test_one_changed_byte_is_found(at, unguarded):
    """
    1 --- 2 --- 3      the intruder rewrites the data of 2
          ^
    """
    write(at, 3, amount=100)
    Event.objects.filter(position=2).update(data='{"amount":101,"number":1}')

    verdict = queries.verify()

    assert verdict.faults == ["Event 2 (test.happened) was changed."]


def test_a_rewritten_event_with_a_fresh_hash_breaks_the_chain(at, unguarded):
    """
    1 --- 2' -x- 3     2 is rewritten and hashed anew; 3 still names the old 2
    """
    write(at, 3)
    second = Event.objects.get(position=2)
    second.data = '{"number":9}'
    Event.objects.filter(position=2).update(data=second.data, digest=queries._recomputed(second))

    assert "Event 3 does not follow the one before it." in queries.verify().faults


def test_a_cut_off_end_is_found(at, unguarded):
    """
    1 --- 2     x 3    the newest event is removed, the head still names it
    """
    write(at, 3)
    Event.objects.filter(position=3)._raw_delete("default")

    assert "its head says 3" in queries.verify().faults[0]


def test_a_removed_middle_is_found(at, unguarded):
    write(at, 4)
    Event.objects.filter(position=2)._raw_delete("default")

    assert "Event 2 is missing: 3 follows." in queries.verify().faults


def test_a_moved_head_is_found(at):
    write(at, 2)
    Head.objects.update(position=7)

    assert not queries.verify().is_whole


def test_a_changed_or_lost_attachment_is_found(at, data_dir):
    path = data_dir / "plans" / "night.parquet"
    path.parent.mkdir()
    path.write_bytes(b"rows")
    with operations.record(Happened, by=BY, at=at, plan=operations.attach(path, rows=1)):
        pass
    assert queries.verify().files == 1
    assert queries.verify().is_whole

    path.chmod(0o644)
    path.write_bytes(b"rowz")
    assert "was changed" in queries.verify().faults[0]
    path.unlink()
    assert "is lost" in queries.verify().faults[0]


def test_a_timeline_shows_only_the_viewers_creditors(at):
    write(at, 1)
    with operations.record(Happened, by=BY, at=at, case=5, creditor=1):
        pass

    insider = Viewer(name="lina", role="collector", creditors=frozenset({1}))
    outsider = Viewer(name="外人", role="collector", creditors=frozenset({2}))

    assert len(queries.timeline(viewer=insider, case=5)) == 1
    assert queries.timeline(viewer=outsider, case=5) == []


def test_a_kind_is_declared_once():
    with pytest.raises(ValueError, match="declared twice"):
        Kind("test.happened", "Something else")
