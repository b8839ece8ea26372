"""Vectors of faces get a table of their own."""

import django.db.models.deletion
import pgvector.django.indexes
from django.db import migrations, models

import photofinder.vectors


class Migration(migrations.Migration):
    dependencies = [("faces", "0003_ledger")]

    operations = [
        migrations.CreateModel(
            name="FaceVector",
            fields=[
                (
                    "face",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="vector",
                        serialize=False,
                        to="faces.face",
                        verbose_name="face",
                    ),
                ),
                ("embedding", photofinder.vectors.FaceVectorField(dimensions=512, verbose_name="embedding")),
            ],
            options={"verbose_name": "face vector", "verbose_name_plural": "face vectors"},
        ),
        migrations.RunSQL(
            "INSERT INTO faces_facevector (face_id, embedding) SELECT id, embedding FROM faces_face",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveIndex(model_name="face", name="face_embedding_hnsw"),
        migrations.RemoveField(model_name="face", name="embedding"),
        migrations.AddIndex(
            model_name="facevector",
            index=pgvector.django.indexes.HnswIndex(
                ef_construction=64,
                fields=["embedding"],
                m=16,
                name="face_vector_hnsw",
                opclasses=["halfvec_cosine_ops"],
            ),
        ),
    ]
