"""What was decided before there was a ledger of verdicts is in it afterwards."""

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from faces.models import Decision, Face, Person
from faces.services.decisions import decision_undo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine")]


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
    executor = MigrationExecutor(connection)
    executor.migrate([("faces", "0002_identities")])
    apps = executor.loader.project_state([("faces", "0002_identities")]).apps
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

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("faces"))
    merges = list(Decision.objects.filter(kind="merge").order_by("-pk"))
    for merge in merges:
        decision_undo(decision=merge, actor=None)
    assert list(Face.objects.order_by("pk").values_list("person", flat=True)) == [ann.pk, bob.pk, cat.pk]
    assert list(Person.objects.order_by("pk").values_list("name", flat=True)) == ["Ann", "", "Cat"]
