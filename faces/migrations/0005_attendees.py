"""Attendees: what they gave, asked, were given and want forgotten; how an event is open to them."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import faces.models.events
import photofinder.vectors
from django.conf import settings
from django.db import migrations, models


def give_codes(apps, schema_editor):
    """Each event a code of its own: the default of a new column would be the same for all."""
    event = apps.get_model("faces", "Event")
    for pk in event.objects.values_list("pk", flat=True):
        event.objects.filter(pk=pk).update(code=faces.models.events.new_code())


class Migration(migrations.Migration):
    dependencies = [
        ("faces", "0004_face_vectors"),
        ("media_index", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="access",
            field=models.CharField(
                choices=[("public", "everybody"), ("code", "whoever has the code"), ("closed", "nobody")],
                default="public",
                max_length=10,
                verbose_name="open to",
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="biometrics_deleted_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="faces deleted at"),
        ),
        migrations.AddField(
            model_name="event",
            name="code",
            field=models.CharField(default="", editable=False, max_length=16, verbose_name="code"),
            preserve_default=False,
        ),
        migrations.RunPython(give_codes, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="event",
            name="code",
            field=models.CharField(
                default=faces.models.events.new_code, editable=False, max_length=16, unique=True, verbose_name="code"
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="cover",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="faces.photo",
                verbose_name="cover",
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="news",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="event",
            name="told",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="event",
            name="originals_allowed",
            field=models.BooleanField(
                default=True,
                help_text="Attendees may fetch the originals, not only previews.",
                verbose_name="originals",
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="released_only",
            field=models.BooleanField(
                default=False,
                help_text="Attendees see only photos that a moderator released.",
                verbose_name="released photos only",
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="retention_days",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="So long after the event and its last upload all faces are deleted. Empty: they are kept.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(36500)],
                verbose_name="retention in days",
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="text",
            field=models.TextField(
                blank=True, help_text="What attendees read on the event's page.", verbose_name="text"
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="watermark_corner",
            field=models.CharField(
                choices=[
                    ("bottom_right", "bottom right"),
                    ("bottom_left", "bottom left"),
                    ("top_right", "top right"),
                    ("top_left", "top left"),
                    ("centre", "centre"),
                    ("tiled", "all over"),
                ],
                default="bottom_right",
                max_length=12,
                verbose_name="place of the watermark",
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="watermark_logo",
            field=models.CharField(blank=True, editable=False, max_length=120, verbose_name="watermark logo"),
        ),
        migrations.AddField(
            model_name="event",
            name="watermark_opacity",
            field=models.PositiveSmallIntegerField(
                default=60,
                validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(100)],
                verbose_name="opacity of the watermark, %",
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="watermark_text",
            field=models.CharField(blank=True, max_length=60, verbose_name="watermark text"),
        ),
        migrations.AddField(
            model_name="person",
            name="forgotten_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="forgotten at"),
        ),
        migrations.AddField(
            model_name="photo",
            name="is_released",
            field=models.BooleanField(default=False, editable=False, verbose_name="released"),
        ),
        migrations.AddField(
            model_name="suggestion",
            name="is_objection",
            field=models.BooleanField(default=False, verbose_name="objection"),
        ),
        migrations.CreateModel(
            name="Attendee",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(max_length=20, verbose_name="messenger")),
                ("address", models.CharField(max_length=64, verbose_name="address")),
                ("language", models.CharField(blank=True, max_length=5, verbose_name="language")),
                ("consented_at", models.DateTimeField(blank=True, null=True, verbose_name="agreed at")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="attendees",
                        to="faces.person",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "attendee",
                "verbose_name_plural": "attendees",
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True, verbose_name="receipt")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("forget", "forgotten on request"),
                            ("opt_out", "opted out"),
                            ("retention", "retention ended"),
                        ],
                        max_length=10,
                        verbose_name="reason",
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                ("counts", models.JSONField(default=dict, verbose_name="what was deleted")),
                (
                    "pending_keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=160), default=list, editable=False, size=None
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="erasures",
                        to="faces.event",
                        verbose_name="event",
                    ),
                ),
            ],
            options={
                "verbose_name": "erasure",
                "verbose_name_plural": "erasures",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="OptOut",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                (
                    "erasure",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="opt_out",
                        to="faces.erasure",
                        verbose_name="receipt",
                    ),
                ),
            ],
            options={
                "verbose_name": "opt-out",
                "verbose_name_plural": "opt-outs",
            },
        ),
        migrations.CreateModel(
            name="OptOutCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contract", models.CharField(max_length=160, verbose_name="contract")),
                ("code", models.BinaryField()),
                (
                    "opt_out",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="codes", to="faces.optout"
                    ),
                ),
            ],
            options={
                "verbose_name": "code of an opt-out",
                "verbose_name_plural": "codes of opt-outs",
            },
        ),
        migrations.CreateModel(
            name="OptOutPlace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("box", django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=4)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="media_index.image"
                    ),
                ),
                (
                    "opt_out",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="places", to="faces.optout"
                    ),
                ),
            ],
            options={
                "verbose_name": "place of an opt-out",
                "verbose_name_plural": "places of opt-outs",
            },
        ),
        migrations.CreateModel(
            name="Portrait",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contract", models.CharField(max_length=160, verbose_name="contract")),
                ("embedding", photofinder.vectors.FaceVectorField(dimensions=512, verbose_name="embedding")),
                ("quality", models.FloatField(verbose_name="quality")),
                ("crop_key", models.CharField(blank=True, max_length=120, verbose_name="storage key")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="portraits",
                        to="faces.person",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "portrait",
                "verbose_name_plural": "portraits",
                "ordering": ["-quality", "pk"],
            },
        ),
        migrations.CreateModel(
            name="SelfieSearch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                (
                    "channel",
                    models.CharField(
                        choices=[("page", "event page"), ("bot", "messenger"), ("api", "API"), ("admin", "Admin")],
                        max_length=10,
                        verbose_name="where",
                    ),
                ),
                ("has_consent", models.BooleanField(default=False, verbose_name="agreed")),
                (
                    "outcome",
                    models.CharField(
                        help_text="`found`, `nothing`, or why it failed.", max_length=40, verbose_name="outcome"
                    ),
                ),
                ("photos_count", models.PositiveIntegerField(default=0, verbose_name="photos")),
                ("code", models.CharField(blank=True, editable=False, max_length=40)),
                ("shared_code", models.CharField(blank=True, editable=False, max_length=40)),
                ("expires_at", models.DateTimeField(editable=False, null=True)),
                (
                    "faces",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, editable=False, size=None
                    ),
                ),
                (
                    "similarities",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(), default=list, editable=False, size=None
                    ),
                ),
                (
                    "attendee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="searches",
                        to="faces.attendee",
                        verbose_name="attendee",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="searches",
                        to="faces.event",
                        verbose_name="event",
                    ),
                ),
            ],
            options={
                "verbose_name": "search",
                "verbose_name_plural": "searches",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="NotMe",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                (
                    "attendee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="objections",
                        to="faces.attendee",
                        verbose_name="attendee",
                    ),
                ),
                (
                    "face",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="objections",
                        to="faces.face",
                        verbose_name="face",
                    ),
                ),
                (
                    "search",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="objections",
                        to="faces.selfiesearch",
                        verbose_name="search",
                    ),
                ),
            ],
            options={
                "verbose_name": "objection",
                "verbose_name_plural": "objections",
            },
        ),
        migrations.CreateModel(
            name="Download",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("preview", "preview"), ("original", "original"), ("zip", "ZIP archive")],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("photos_count", models.PositiveIntegerField(default=1, verbose_name="photos")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="downloads",
                        to="faces.event",
                        verbose_name="event",
                    ),
                ),
                (
                    "search",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="downloads",
                        to="faces.selfiesearch",
                    ),
                ),
            ],
            options={
                "verbose_name": "download",
                "verbose_name_plural": "downloads",
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "attendee",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to="faces.attendee",
                        verbose_name="attendee",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to="faces.event",
                        verbose_name="event",
                    ),
                ),
            ],
            options={
                "verbose_name": "subscription",
                "verbose_name_plural": "subscriptions",
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("claimed", "being sent"), ("sent", "sent")],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("claimed_at", models.DateTimeField(blank=True, null=True, verbose_name="claimed at")),
                ("claims", models.PositiveSmallIntegerField(default=0, verbose_name="claims")),
                (
                    "search",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notification",
                        to="faces.selfiesearch",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to="faces.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "notification",
                "verbose_name_plural": "notifications",
            },
        ),
        migrations.CreateModel(
            name="Announced",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "photo",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="faces.photo"),
                ),
                (
                    "notification",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="photos",
                        to="faces.notification",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="announced", to="faces.subscription"
                    ),
                ),
            ],
            options={
                "verbose_name": "announced photo",
                "verbose_name_plural": "announced photos",
            },
        ),
        migrations.AddConstraint(
            model_name="attendee",
            constraint=models.UniqueConstraint(fields=("channel", "address"), name="attendee_once"),
        ),
        migrations.AddIndex(
            model_name="selfiesearch",
            index=models.Index(fields=["event", "outcome"], name="search_of_event"),
        ),
        migrations.AddConstraint(
            model_name="selfiesearch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("code", ""), _negated=True), fields=("code",), name="search_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="selfiesearch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("shared_code", ""), _negated=True),
                fields=("shared_code",),
                name="search_shared_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="notme",
            constraint=models.UniqueConstraint(fields=("search", "face"), name="objected_once"),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(fields=("attendee", "event"), name="subscribed_once"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("state", "sent"), _negated=True), fields=["created_at"], name="notification_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="announced",
            constraint=models.UniqueConstraint(fields=("subscription", "photo"), name="announced_once"),
        ),
    ]
