"""A decision may say of a face that it is none of several people; and what only a merge says is not said of the face."""

from django.db import migrations, models

# Of which the last word is a merge's own: nobody has confirmed the face itself.
_UNCONFIRMED = """
UPDATE faces_face SET assigned_by = 'engine'
WHERE assigned_by = 'moderator' AND person_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM faces_verdict AS said JOIN faces_decision AS decision ON decision.id = said.decision_id
    WHERE said.face_id = faces_face.id AND said.holds AND decision.undone_by_id IS NULL AND decision.kind <> 'merge'
)
"""


class Migration(migrations.Migration):
    dependencies = [("faces", "0005_attendees")]

    operations = [
        migrations.RemoveConstraint(model_name="verdict", name="verdict_once"),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.UniqueConstraint(
                fields=["decision", "face", "person"], name="verdict_once", nulls_distinct=False
            ),
        ),
        migrations.RunSQL(_UNCONFIRMED, migrations.RunSQL.noop),
    ]
