"""What an earlier version wrote down is still known: decisions, receipts, files to be deleted."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from faces.models import Decision, Face, OptOut, PendingDeletion, Person, Photo
from faces.services.decisions import decision_undo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "up_to_date")]


@pytest.fixture
def up_to_date(transactional_db: None) -> Iterator[None]:
    """Whatever happens here, other tests find the tables as they are today."""
    yield
    _migrate()


def _migrate(*targets: tuple[str, str]) -> Any:
    """The models as they were then, without targets as they are today; of other rooms always those of today."""
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    executor.migrate(targets or leaves)
    return executor.loader.project_state([*targets, *(leaf for leaf in leaves if leaf[0] == "media_index")]).apps


def _face(apps: Any, event: Any, batch: Any, person: Any) -> Any:
    image = apps.get_model("media_index", "Image").objects.create(
        sha256=str(person.pk % 10) * 64, key=str(person.pk), width=1, height=1, bytes=1, format="JPEG"
    )
    photo = apps.get_model("faces", "Photo").objects.create(event=event, batch=batch, image=image, original_name="x")
    measures = dict.fromkeys(("det_score", "size_px", "sharpness", "yaw", "pitch", "roll", "quality"), 1)
    return apps.get_model("faces", "Face").objects.create(
        **{"photo": photo, "box": [0, 0, 1, 1], "landmarks": [0] * 10, "contract": "fake/squares/1/72/flat"},
        **{"embedding": [1] + [0] * 511, "person": person, "assigned_by": "engine"},
        **measures,
    )


def test_stacked_merges_of_before_are_undone_to_what_was() -> None:
    """Ann became Bob, who had the name, then Bob became Cat; as the version before the verdicts wrote it down."""
    apps = _migrate(("faces", "0002_identities"))
    event = apps.get_model("faces", "Event").objects.create(slug="gala", name="Gala")
    batch = apps.get_model("faces", "UploadBatch").objects.create(event=event)
    people = apps.get_model("faces", "Person").objects
    ann, bob, cat = (people.create(contract="fake/squares/1/72/flat", name=name) for name in ("Ann", "", "Cat"))
    faces = [_face(apps, event, batch, person) for person in (ann, bob, cat)]
    decisions = apps.get_model("faces", "Decision").objects
    moved = {str(faces[0].pk): ann.pk}
    decisions.create(kind="merge", payload={"into": bob.pk, "people": [ann.pk], "faces": moved, "name": ["", "Ann"]})
    moved = {str(faces[0].pk): bob.pk, str(faces[1].pk): bob.pk}
    decisions.create(kind="merge", payload={"into": cat.pk, "people": [bob.pk], "faces": moved, "name": ["Cat", "Cat"]})
    people.filter(pk=ann.pk).update(merged_into=bob)
    people.filter(pk=bob.pk).update(merged_into=cat, name="Ann")
    apps.get_model("faces", "Face").objects.update(person=cat)
    apps.get_model("faces", "Face").objects.filter(pk__in=[faces[0].pk, faces[1].pk]).update(assigned_by="moderator")

    _migrate()
    merges = list(Decision.objects.filter(kind="merge").order_by("-pk"))
    for merge in merges:
        decision_undo(decision=merge, actor=None)
    assert list(Face.objects.order_by("pk").values_list("person", flat=True)) == [ann.pk, bob.pk, cat.pk]
    assert list(Person.objects.order_by("pk").values_list("name", flat=True)) == ["Ann", "", "Cat"]


def test_receipts_files_and_engines_of_before_are_carried_over() -> None:
    apps = _migrate(("faces", "0008_deletion"))
    event = apps.get_model("faces", "Event").objects.create(slug="gala", name="Gala")
    batch = apps.get_model("faces", "UploadBatch").objects.create(event=event)
    image = apps.get_model("media_index", "Image").objects.create(
        sha256="0" * 64, key="x", width=1, height=1, bytes=1, format="JPEG"
    )
    photos = apps.get_model("faces", "Photo").objects
    photo = photos.create(event=event, batch=batch, image=image, original_name="x", state="ready")
    measures = dict.fromkeys(("det_score", "size_px", "sharpness", "yaw", "pitch", "roll", "quality"), 1)
    apps.get_model("faces", "Face").objects.create(
        photo=photo, box=[0, 0, 1, 1], landmarks=[0] * 10, contract="some/engine", **measures
    )
    receipt = apps.get_model("faces", "Erasure").objects.create(number="A", kind="opt_out", pending_keys=["crops/a"])
    apps.get_model("faces", "OptOut").objects.create(erasure=receipt)

    _migrate()
    assert [str(opt_out) for opt_out in OptOut.objects.all()] == ["A"]
    assert list(PendingDeletion.objects.values_list("key", flat=True)) == ["crops/a"]
    assert Photo.objects.get().analysed_with == "some/engine"
