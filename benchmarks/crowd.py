"""A site full of people for benchmarks: rows as the pipeline and moderators would have left them, written in bulk."""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from faces.models import Event, Person
from faces.services.people import current_contract

PEOPLE, FACES, DECISIONS, QUESTIONS = 20_000, 200_000, 30_000, 5_000
FACES_PER_PHOTO = 3
_BIG = {0: 3000, 1: 1500, 2: 1000, 3: 500}  # faces of the most photographed people
_REGULARS = 1000  # people who are in many photos
_NOISE = 0.55  # two faces of one person are 0.23 apart
_DIM = 512
_CHUNK = 10_000
_COPIED = np.dtype(
    [("n", ">i2"), ("l1", ">i4"), ("id", ">i8"), ("l2", ">i4"), ("dim", ">i2"), ("zero", ">i2"), ("v", ">f2", _DIM)]
)

_TABLES = """
INSERT INTO faces_uploadbatch (id, event_id, created_at) SELECT id, id, now() FROM faces_event;
INSERT INTO media_index_image (id, sha256, key, format, bytes, width, height, camera, stored_at, ingested_at)
SELECT id, encode(sha256(id::text::bytea), 'hex'), 'originals/' || id, 'JPEG', 4000000, 6000, 4000, '', now(), now()
FROM generate_series(1, %(photos)s) AS id;
INSERT INTO faces_photo
    (id, event_id, batch_id, image_id, original_name, state, error_code, error, attempts, changed_at, is_released)
SELECT image.id, event, event, image.id, image.id || '.jpg', 'ready', '', '', 0, now(), false
FROM media_index_image AS image JOIN unnest(%(photo_events)s::int[]) WITH ORDINALITY AS of (event, id) USING (id);
INSERT INTO faces_person (id, user_id, name, hidden, contract, faces_count, photos_count, created_at)
SELECT id, gen_random_uuid(), '', false, %(contract)s, 0, 0, now() FROM generate_series(1, %(people)s) AS id;
INSERT INTO faces_face (
    id, photo_id, person_id, engine_person_id, assigned_by, box, landmarks, det_score, size_px, sharpness, yaw, pitch,
    roll, quality, contract, dismissed
)
SELECT id, photo, person, person, 'engine', ARRAY[0.1, 0.2, 0.05, 0.08], array_fill(0.1::float8, ARRAY[10]), 0.9, 200,
    500, 0, 0, 0, 0.5 + (id * 7919 %% 1000) / 2000.0, %(contract)s, false
FROM unnest(%(face_photos)s::int[], %(face_people)s::int[]) WITH ORDINALITY AS of (photo, person, id);
"""
# A third names, a third confirms two faces, the rest hides somebody or says that two people differ.
_LEDGER = """
INSERT INTO faces_decision (id, kind, actor_id, at, payload)
SELECT id, (ARRAY['hide', 'differ', 'name', 'name', 'confirm', 'confirm'])[id %% 6 + 1],
    %(actor)s, now() - id * interval '1 minute', CASE id %% 6
        WHEN 0 THEN jsonb_build_object('people', ARRAY[one], 'say', jsonb_build_object(one, '{"hidden": true}'::jsonb),
            'before', jsonb_build_object(one, '{"hidden": false}'::jsonb))
        WHEN 1 THEN jsonb_build_object('people', ARRAY[one, two], 'apart', ARRAY[ARRAY[one, two]])
        WHEN 2 THEN said WHEN 3 THEN said ELSE jsonb_build_object('person', one)
    END
FROM (
    SELECT id, one, one %% %(people)s + 1 AS two, jsonb_build_object('person', one,
        'say', jsonb_build_object(one, jsonb_build_object('name', 'Guest ' || one)),
        'before', jsonb_build_object(one, '{"name": ""}'::jsonb)) AS said
    FROM (SELECT id, id * 7 %% %(people)s + 1 AS one FROM generate_series(1, %(decisions)s) AS id) AS of
) AS of;
INSERT INTO faces_decision_people (decision_id, person_id) SELECT id, id * 7 %% %(people)s + 1 FROM faces_decision;
INSERT INTO faces_decision_people (decision_id, person_id)
SELECT id, (id * 7 %% %(people)s + 1) %% %(people)s + 1 FROM faces_decision WHERE kind = 'differ';
INSERT INTO faces_verdict (decision_id, face_id, person_id, holds)
SELECT decision.id, face.id, face.person_id, true FROM faces_decision AS decision
JOIN LATERAL (SELECT id, person_id FROM faces_face WHERE person_id = decision.id * 7 %% %(people)s + 1 LIMIT 2) AS face
ON true WHERE kind = 'confirm';
UPDATE faces_face SET assigned_by = 'moderator' WHERE id IN (SELECT face_id FROM faces_verdict);
UPDATE faces_person SET name = 'Guest ' || id
WHERE id IN (SELECT person_id FROM faces_decision_people JOIN faces_decision AS d ON d.id = decision_id
    WHERE kind = 'name');
UPDATE faces_person SET hidden = true
WHERE id IN (SELECT person_id FROM faces_decision_people JOIN faces_decision AS d ON d.id = decision_id
    WHERE kind = 'hide');
"""
_AFTERWARDS = """
INSERT INTO faces_decision_events (decision_id, event_id)
SELECT DISTINCT decision_id, event_id FROM faces_decision_people JOIN faces_appearance USING (person_id);
INSERT INTO faces_suggestion (event_id, one_id, other_id, distance, is_objection)
SELECT 1, id, id + 7, 0.2 + id / 1000000.0, false FROM faces_person WHERE NOT hidden ORDER BY id LIMIT %(questions)s;
"""
_COUNTED = ("event", "uploadbatch", "photo", "person", "face", "decision", "suggestion", "verdict", "appearance")


@dataclass(frozen=True)
class Layout:
    """Which photo and which person each face is of, and which event each photo is of; all numbered from 1."""

    face_photos: list[int]
    face_people: list[int]
    photo_events: list[int]


def seed(*, actor: int, smaller_events: int = 5) -> NDArray[np.float32]:
    """Fill an empty database: event 1 knows everybody and has half of the faces. The people's vectors (PEOPLE, 512)."""
    layout = _layout(smaller_events)
    values = {
        "photos": len(layout.photo_events),
        "photo_events": layout.photo_events,
        "face_photos": layout.face_photos,
        "face_people": layout.face_people,
        "people": PEOPLE,
        "decisions": DECISIONS,
        "questions": QUESTIONS,
        "contract": current_contract(),
        "actor": actor,
    }
    events = range(1, smaller_events + 2)
    done = {"published": True, "revision": 1, "settled_revision": 1}
    Event.objects.bulk_create(Event(pk=pk, slug=f"event-{pk}", name=f"Event {pk}", **done) for pk in events)
    _run(_TABLES, values)
    centres = _vectors_write(np.array(layout.face_people) - 1)
    _run("ANALYZE;\n" + _LEDGER + ";\nANALYZE", values)
    Person.objects.refresh(range(1, PEOPLE + 1), contract=current_contract())
    _run(_AFTERWARDS, values)
    with connection.cursor() as cursor:
        for table in [f"faces_{name}" for name in _COUNTED] + ["media_index_image"]:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        cursor.execute("VACUUM ANALYZE")
    assert Event.objects.get(pk=1).appearances.count() == PEOPLE
    return centres


def _layout(smaller_events: int) -> Layout:
    counts = np.full(PEOPLE, 2)
    for person, faces in _BIG.items():
        counts[person] = faces
    counts[len(_BIG) :] += 4
    rest = FACES - int(counts.sum())
    counts[len(_BIG) : len(_BIG) + _REGULARS] += rest // _REGULARS
    photo_events: list[int] = []
    face_photos: list[int] = []
    face_people: list[int] = []
    for event in range(smaller_events + 1):
        here = (counts + 1) // 2 if event == 0 else counts // 2 * (np.arange(PEOPLE) % smaller_events == event - 1)
        people = np.repeat(np.arange(PEOPLE), here)
        photos = max(len(people) // FACES_PER_PHOTO, here.max())
        face_photos += (np.arange(len(people)) % photos + len(photo_events) + 1).tolist()
        face_people += (people + 1).tolist()
        photo_events += [event + 1] * int(photos)
    return Layout(face_photos, face_people, photo_events)


def _vectors_write(people: NDArray[np.int64]) -> NDArray[np.float32]:
    """Copy a vector for each face, around its person's own; the index is made afterwards, which is faster."""
    rng = np.random.default_rng(1)
    centres = _unit(rng.standard_normal((PEOPLE, _DIM), np.float32))
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'face_vector_hnsw'")
        (definition,) = cursor.fetchone()
        cursor.execute("DROP INDEX face_vector_hnsw")
        with cursor.copy("COPY faces_facevector (face_id, embedding) FROM STDIN (FORMAT binary)") as copy:
            copy.write(b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0))
            for start in range(0, len(people), _CHUNK):
                of = people[start : start + _CHUNK]
                noise = _NOISE * _unit(rng.standard_normal((len(of), _DIM), np.float32))
                rows = np.zeros(len(of), _COPIED)
                rows["n"], rows["l1"], rows["l2"], rows["dim"] = 2, 8, 4 + 2 * _DIM, _DIM
                rows["id"], rows["v"] = np.arange(start, start + len(of)) + 1, _unit(centres[of] + noise)
                copy.write(rows.tobytes())
            copy.write(struct.pack(">h", -1))
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute(definition)
    return centres


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _run(script: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for statement in script.split(";\n"):
            if statement.strip():
                cursor.execute(statement, values)
