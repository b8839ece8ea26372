"""Bring what was decided before there were verdicts into the ledger, and count appearances."""

from django.db import migrations

_APPEARANCES = """
INSERT INTO faces_appearance (person_id, event_id, faces_count, photos_count)
SELECT face.person_id, photo.event_id, count(*), count(DISTINCT photo.id)
FROM faces_face AS face JOIN faces_photo AS photo ON photo.id = face.photo_id
WHERE face.person_id IS NOT NULL GROUP BY face.person_id, photo.event_id
"""


def write_ledger(apps, schema_editor):
    Decision = apps.get_model("faces", "Decision")
    for decision in Decision.objects.order_by("pk"):
        merge = decision if decision.kind == "merge" else Decision.objects.filter(undone_by=decision).first()
        if merge is None:
            continue
        people = [merge.payload["into"], *merge.payload["people"]]
        if decision.kind == "merge":
            _write_merge(apps, decision)
        else:
            decision.payload = {"decision": merge.pk, "kind": "merge", "apart": [[people[0], p] for p in people[1:]]}
            decision.save(update_fields=["payload"])
        known = apps.get_model("faces", "Person").objects.filter(pk__in=people)
        decision.people.set(known)
        events = apps.get_model("faces", "Event").objects
        decision.events.set(events.filter(photos__faces__person__in=known).distinct())
    _write_names(apps)


def _write_merge(apps, decision):
    payload, faces = decision.payload, apps.get_model("faces", "Face").objects
    owners = {int(face): owner for face, owner in payload.pop("faces", {}).items()}
    before, after = payload.pop("name", ["", ""])
    into = payload["into"]
    decision.payload = payload | {"say": {into: {"name": after}}, "before": {into: {"name": before}}}
    decision.save(update_fields=["payload"])
    if decision.undone_by_id is None:
        Verdict = apps.get_model("faces", "Verdict")
        known = faces.filter(pk__in=owners).values_list("pk", flat=True)
        Verdict.objects.bulk_create(
            Verdict(decision=decision, face_id=face, person_id=owners[face], holds=True) for face in known
        )
        for face in known:
            faces.filter(pk=face).update(engine_person=owners[face])


def _write_names(apps):
    """A name that was typed before is a decision like any other."""
    Decision = apps.get_model("faces", "Decision")
    for person in apps.get_model("faces", "Person").objects.exclude(name=""):
        payload = {"person": person.pk, "say": {person.pk: {"name": person.name}}}
        payload["before"] = {person.pk: {"name": ""}}
        decision = Decision.objects.create(kind="name", actor=None, payload=payload)
        decision.people.add(person)
        decision.events.set(apps.get_model("faces", "Event").objects.filter(photos__faces__person=person).distinct())


class Migration(migrations.Migration):
    dependencies = [("faces", "0002_identities")]

    operations = [
        migrations.RunSQL("UPDATE faces_face SET engine_person_id = person_id", migrations.RunSQL.noop),
        migrations.RunSQL(_APPEARANCES, migrations.RunSQL.noop),
        migrations.RunPython(write_ledger, migrations.RunPython.noop),
    ]
