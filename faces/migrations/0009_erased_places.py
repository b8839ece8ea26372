import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

_RECEIPTS = """
UPDATE faces_erasure AS receipt SET opt_out_id = opt_out.id
FROM faces_optout AS opt_out WHERE opt_out.erasure_id = receipt.id
"""
_FILES = """
INSERT INTO faces_pendingdeletion (key, due_at)
SELECT DISTINCT unnest(pending_keys), now() FROM faces_erasure
"""
# By whom a photo without a face was looked at nobody wrote down: by whoever looked at the newest face of its event.
_ENGINES = """
UPDATE faces_photo AS photo SET analysed_with = coalesce(
    (SELECT contract FROM faces_face WHERE photo_id = photo.id ORDER BY id DESC LIMIT 1),
    (SELECT contract FROM faces_face AS face JOIN faces_photo AS other ON other.id = face.photo_id
        WHERE other.event_id = photo.event_id ORDER BY face.id DESC LIMIT 1),
    ''
) WHERE state IN ('analysed', 'ready')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("media_index", "0001_initial"),
        ("faces", "0008_deletion"),
    ]

    operations = [
        migrations.AddField(
            model_name="erasure",
            name="opt_out",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="receipts",
                to="faces.optout",
                verbose_name="opt-out",
            ),
        ),
        migrations.RunSQL(_RECEIPTS, migrations.RunSQL.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveField(model_name="optout", name="erasure"),
        migrations.AddField(
            model_name="optoutcode",
            name="quality",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="optoutcode",
            name="is_applied",
            field=models.BooleanField(default=True),
        ),
        migrations.RenameModel(old_name="OptOutPlace", new_name="ErasedPlace"),
        migrations.AlterModelOptions(
            name="erasedplace",
            options={"verbose_name": "place of an erased face", "verbose_name_plural": "places of erased faces"},
        ),
        migrations.AlterField(
            model_name="erasedplace",
            name="opt_out",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="places", to="faces.optout"
            ),
        ),
        migrations.CreateModel(
            name="PendingDeletion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=160, unique=True)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name": "file to be deleted",
                "verbose_name_plural": "files to be deleted",
            },
        ),
        migrations.RunSQL(_FILES, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="erasure", name="pending_keys"),
        migrations.AddField(
            model_name="photo",
            name="analysed_with",
            field=models.CharField(blank=True, editable=False, max_length=160),
        ),
        migrations.RunSQL(_ENGINES, migrations.RunSQL.noop),
    ]
