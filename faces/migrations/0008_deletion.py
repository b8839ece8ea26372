from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("faces", "0007_stills")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="deletion_began_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="erasure",
            name="kind",
            field=models.CharField(
                choices=[
                    ("forget", "forgotten on request"),
                    ("opt_out", "opted out"),
                    ("retention", "retention ended"),
                    ("deleted", "photos deleted"),
                ],
                max_length=10,
                verbose_name="reason",
            ),
        ),
    ]
