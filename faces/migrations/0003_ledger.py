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
    held, called = {}, {}  # who each face was before any merge that holds, and what merges call people
    for decision in Decision.objects.order_by("pk"):
        merge = decision if decision.kind == "merge" else Decision.objects.filter(undone_by=decision).first()
        if merge is None:
            continue
        people = [merge.payload["into"], *merge.payload["people"]]
        if decision.kind == "merge":
            _write_merge(apps, decision, held, called)
        else:
            decision.payload = {"decision": merge.pk, "kind": "merge", "apart": [[people[0], p] for p in people[1:]]}
            decision.save(update_fields=["payload"])
        known = apps.get_model("faces", "Person").objects.filter(pk__in=people)
        decision.people.set(known)
        events = apps.get_model("faces", "Event").objects
        decision.events.set(events.filter(photos__faces__person__in=known).distinct())
    _write_names(apps, called)
    # What an undone merge had pinned: the undo itself keeps those people apart from now on.
    pins = apps.get_model("faces", "Face").objects.filter(assigned_by="moderator")
    pins.exclude(verdicts__decision__undone_by=None, verdicts__isnull=False).update(assigned_by="engine")


def _write_merge(apps, decision, held, called):
    payload, faces = decision.payload, apps.get_model("faces", "Face").objects
    owners = {int(face): owner for face, owner in payload.pop("faces", {}).items()}
    before, after = payload.pop("name", ["", ""])
    into = payload["into"]
    said = {"say": {into: {"name": after}}, "before": {into: {"name": before}}} if before != after else {}
    decision.payload = payload | said
    decision.save(update_fields=["payload"])
    if decision.undone_by_id is None:
        Verdict = apps.get_model("faces", "Verdict")
        known = faces.filter(pk__in=owners).values_list("pk", flat=True)
        for face in known:
            faces.filter(pk=face).update(engine_person=held.setdefault(face, owners[face]))
        Verdict.objects.bulk_create(
            Verdict(decision=decision, face_id=face, person_id=held[face], holds=True) for face in known
        )
        if said:
            called[into] = after


def _write_names(apps, called):
    """A name that was typed before is a decision like any other."""
    Decision = apps.get_model("faces", "Decision")
    for person in apps.get_model("faces", "Person").objects.exclude(name=""):
        if called.get(person.pk) == person.name:
            continue
        payload = {"person": person.pk, "say": {person.pk: {"name": person.name}}}
        payload["before"] = {person.pk: {"name": called.get(person.pk, "")}}
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
