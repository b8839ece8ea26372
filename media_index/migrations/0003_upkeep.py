import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('media_index', '0002_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='imagecluster',
            name='length',
            field=models.FloatField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='imagecluster',
            name='settled',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddIndex(
            model_name='imagecluster',
            index=models.Index(condition=models.Q(('settled', False)), fields=['contract', 'id'], name='imagecluster_unsettled'),
        ),
        migrations.CreateModel(
            name='DuplicateDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('resolved', 'one was kept'), ('dismissed', 'not duplicates')], max_length=10)),
                ('group', models.BigIntegerField(db_index=True)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('undone_at', models.DateTimeField(null=True)),
                ('before', models.JSONField(default=dict)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('keep', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='media_index.image')),
            ],
        ),
        migrations.AddField(
            model_name='duplicatepair',
            name='decision',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='pairs', to='media_index.duplicatedecision'),
        ),
    ]
