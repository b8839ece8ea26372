"""The stages of benchmarks/media_index.py: what is done with one library in one database, and what it gives."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import faiss
import numpy as np
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.db.models import QuerySet
from django.test import override_settings
from numpy.typing import NDArray
from pgvector import HalfVector

from benchmarks import media_rows
from benchmarks.gallery import Gallery, Numbers, Vectors, unit
from benchmarks.media_rows import RARE_EVERY, run
from media_index.engines.base import Scale
from media_index.hashing import bits
from media_index.models import Image, ImageCluster, ImageClusterMember, ImageContract
from media_index.models.vectors import BANDS
from media_index.services.candidates import candidates_by_hash, hashes_near
from media_index.services.categories import categories_join
from media_index.services.consolidating import categories_consolidate
from media_index.services.neighbours import nearest_images

QUESTIONS, ROUNDS, FOUND, NEAR_BITS = 300, 7, 10, 6
CONSOLIDATED, INSERTED, FEWER_QUESTIONS, BINARY_EF_SEARCH = 300, 1400, 50, 400
_VECTORS = "media_index_imageembedding"
_OPTIONS = ", ".join(f"{name} = {value}" for name, value in settings.IMAGE_HNSW.items())
_HAMMING = """
SELECT image_id FROM (
    SELECT image_id, phash <~> %(hash)s::bit(64) AS distance FROM media_index_imagehash ORDER BY 2 LIMIT 100
) AS nearest WHERE distance <= %(near)s
"""
# Signs of what differs from the mean, then the exact order of the best of them.
_BINARY = "binary_quantize(({column}::halfvec({dim}) - '{mean}'::halfvec({dim})))::bit({dim})"
_RANKED_AGAIN = """
WITH near AS MATERIALIZED (
    SELECT image_id, embedding FROM media_index_imageembedding
    WHERE contract_id = {contract} ORDER BY {signs} <~> {asked} LIMIT {ef_search}
)
SELECT image_id FROM near ORDER BY embedding <=> %(vector)s LIMIT 10
"""
_SCALE = Scale(similar=0.3, slope=20, category=0.2, duplicate=0.05)
_JOINS_ALWAYS = Scale(similar=0.3, slope=20, category=2, duplicate=0.05)  # the threshold is beyond all distances
Answers = Sequence[Sequence[int]]
Figures = dict[str, float]


@dataclass
class Lab:
    """A library of images in a folder and the database of this process that holds it."""

    gallery: Gallery
    folder: Path

    @classmethod
    def at(cls, folder: Path, rows: int, dim: int, seed: int) -> "Lab":
        """With the library made, and tables for it."""
        call_command("migrate", verbosity=0, skip_checks=True)
        return cls(Gallery.at(folder / "library", rows, dim, seed, QUESTIONS + INSERTED), folder)

    def fill(self) -> Figures:
        """Write the rows; the vectors have no index yet."""
        run("TRUNCATE media_index_image, media_index_imagecontract CASCADE")
        contract = media_rows.contract_make(self._dim)
        media_rows.images_write(self._rows)
        hashes = media_rows.hashes_write(self.gallery)
        vectors = media_rows.vectors_write(self.gallery, contract)
        media_rows.categories_write(media_rows.centroids_of(self.gallery), contract)
        run("VACUUM ANALYZE")
        return {"vectors_rate": vectors, "hashes_rate": hashes, "vectors_mb": _megabytes(_VECTORS)}

    def build(self) -> Figures:
        """Make the indexes of the vectors and of the categories' centroids."""
        return {
            "hnsw_s": self._hnsw("vectors_hnsw", _VECTORS, "embedding"),
            "hnsw_mb": _megabytes("vectors_hnsw"),
            "centroids_s": self._hnsw("centroids_hnsw", "media_index_imagecluster", "centroid"),
        }

    def duplicates(self) -> Figures:
        """Make the bands' indexes anew; hashes near those of newcomers, and the candidates that the site takes."""
        names = [f"imagehash_bits_{number}" for number in range(len(BANDS))]
        figures = {
            "bands_s": sum(_seconds(f"REINDEX INDEX {name}") for name in names),
            "bands_mb": sum(_megabytes(name) for name in names),
        }
        run("VACUUM ANALYZE media_index_imagehash")
        figures |= self._lookups("bands", lambda value: hashes_near(phash=value).values_list("image", "distance"))
        hashes = self.gallery.new_hashes[:QUESTIONS]
        _, asked = _asked("best", lambda value: candidates_by_hash(phash=int(value)).items(), hashes)
        return figures | asked

    def hamming(self) -> Figures:
        """The same through HNSW on Hamming distances, whose index is removed afterwards."""
        figures = self._other_index("hamming", "media_index_imagehash USING hnsw (phash bit_hamming_ops)")
        run(f"SET hnsw.ef_search = {settings.IMAGE_EF_SEARCH}")
        figures |= self._lookups("hamming", lambda value: run(_HAMMING, {"hash": bits(value), "near": NEAR_BITS}))
        run("DROP INDEX hamming_hnsw")
        return figures

    def search(self) -> Figures:
        """The nearest images of newcomers: a page of ten, and all that a search ranks."""
        figures = self._searches("search", self._newcomers, self._truth["all"])
        some, truth = self._newcomers[:FEWER_QUESTIONS], self._truth["all"][:FEWER_QUESTIONS]
        return figures | self._searches("ranked", some, truth, limit=settings.IMAGE_SEARCH_CANDIDATES)

    def words(self) -> Figures:
        """The nearest images of words."""
        return self._searches("words", self._words, self._truth["words"])

    def filters(self) -> Figures:
        """The nearest images of newcomers among some: a rare camera's, those of a time, those that are rated; and when
        it is left to the index however few they are.
        """
        start, stop = (_minute(image) for image in self._events)
        among = {
            "rare": Image.objects.filter(camera="rare").values("pk"),
            "events": Image.objects.filter(taken_at__gte=start, taken_at__lt=stop).values("pk"),
            "half": Image.objects.filter(rating=5).values("pk"),
        }
        figures: Figures = {}
        for name, images in among.items():
            figures |= self._searches(name, self._newcomers, self._truth[name], images)
        with override_settings(IMAGE_EXACT_ROWS=0):
            for name in ("rare", "events"):
                some, truth = self._newcomers[:FEWER_QUESTIONS], self._truth[name][:FEWER_QUESTIONS]
                figures |= self._searches(f"{name}_index", some, truth, among[name])
        return figures

    def binary(self) -> Figures:
        """The nearest images of newcomers by one bit per dimension, those found put into the exact order."""
        mean = _text(np.mean([vectors.mean(axis=0) for _, vectors in self.gallery.chunks()], axis=0))
        spelt = {"dim": self._dim, "mean": mean}
        signs, asked = (_BINARY.format(column=column, **spelt) for column in ("embedding", "%(vector)s"))
        made = f"{_VECTORS} USING hnsw (({signs}) bit_hamming_ops)"
        figures = self._other_index("binary", made, f" WHERE contract_id = {self._contract.pk}")
        run(f"SET hnsw.ef_search = {BINARY_EF_SEARCH}")
        sql = _RANKED_AGAIN.format(contract=self._contract.pk, signs=signs, asked=asked, ef_search=BINARY_EF_SEARCH)
        found, times = _asked("binary", lambda vector: run(sql, {"vector": _text(vector)}), self._newcomers)
        run("DROP INDEX binary_hnsw")
        return figures | times | {"binary_recall": _recall(found, self._truth["all"])}

    def category(self) -> Figures:
        """A new image joins the category with the nearest centroid, which then moves; each time undone."""
        centroids = media_rows.centroids_of(self.gallery)
        first = ImageCluster.objects.order_by("pk").values_list("pk", flat=True)[0]
        right = [[int(row) + first] for row in np.argmax(self._newcomers @ centroids.T, axis=1)]
        found, figures = _asked("category", self._joined, self._newcomers)
        return figures | {"category_found": _recall(found, right)}

    def _joined(self, vector: Vectors) -> list[tuple[int]]:
        """The category that an image with this vector joins."""
        with transaction.atomic():
            categories_join(contract=self._contract, scale=_JOINS_ALWAYS, vectors={1: vector})
            joined = list(ImageClusterMember.objects.filter(image=1).values_list("cluster"))
            transaction.set_rollback(True)
        return joined

    def consolidate(self) -> Figures:
        """Categories with all their images are looked at as if they had changed: how many a second, and what became of
        them. Undone.
        """
        with transaction.atomic(), patch("media_index.services.consolidating.scale_known", lambda _contract: _SCALE):
            media_rows.members_write(self.gallery, self._contract.pk)
            ids = ImageCluster.objects.order_by("pk").values_list("pk", flat=True)[:CONSOLIDATED]
            ImageCluster.objects.exclude(pk__in=list(ids)).update(settled=True)
            started = time.perf_counter()
            left = categories_consolidate()
            seconds = time.perf_counter() - started
            transaction.set_rollback(True)
        return {"consolidated_rate": CONSOLIDATED / seconds, "consolidated_left": left}

    def insert(self) -> Figures:
        """Newcomers become rows, one statement each."""
        return {"insert_rate": media_rows.vectors_insert(self.gallery.newcomers[-INSERTED:], self._contract.pk)}

    def faiss(self) -> Figures:
        """The same questions to FAISS, one thread for each."""
        flat = faiss.IndexFlatIP(self._dim)
        for _, vectors in self.gallery.chunks():
            flat.add(unit(vectors))
        figures = _faiss_asked("flat", flat, self._newcomers[:FEWER_QUESTIONS])[1]
        del flat
        index = faiss.IndexHNSWFlat(self._dim, settings.IMAGE_HNSW["m"], faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = settings.IMAGE_HNSW["ef_construction"]
        index.hnsw.efSearch = settings.IMAGE_EF_SEARCH
        started = time.perf_counter()
        for _, vectors in self.gallery.chunks():
            index.add(unit(vectors))
        figures["faiss_s"] = time.perf_counter() - started
        file = self.folder / "faiss.index"
        faiss.write_index(index, str(file))
        figures["faiss_mb"] = file.stat().st_size / 1e6
        file.unlink()
        found, asked = _faiss_asked("faiss", index, self._newcomers)
        return figures | asked | {"faiss_recall": _recall(found, self._truth["all"])}

    @property
    def _rows(self) -> int:
        return len(self.gallery.vectors)

    @property
    def _dim(self) -> int:
        return int(self.gallery.vectors.shape[1])

    @property
    def _newcomers(self) -> Vectors:
        return self.gallery.newcomers[:QUESTIONS]

    @property
    def _words(self) -> Vectors:
        return self.gallery.words[:QUESTIONS]

    @property
    def _events(self) -> tuple[int, int]:
        """From which to before which image the whole events are that make up a hundredth of all."""
        return self._rows // 2, self._rows // 2 + self._rows // RARE_EVERY

    @cached_property
    def _contract(self) -> ImageContract:
        return ImageContract.objects.get(in_use=True)

    @cached_property
    def _truth(self) -> dict[str, Numbers]:
        """The ids (q, 10) of the nearest, by question; computed once."""
        made = self.folder / "truth.npz"
        if not made.exists():
            np.savez(made, allow_pickle=False, **self._exact())
        with np.load(made) as found:
            return dict(found)

    def _exact(self) -> dict[str, Numbers]:
        ids = np.arange(1, self._rows + 1)
        start, stop = self._events
        wheres = {
            "all": ids > 0, "rare": ids % RARE_EVERY == 0, "half": ids % 2 == 1, "events": (ids >= start) & (ids < stop)
        }  # fmt: skip
        nearest = {name: _Nearest(self._newcomers, FOUND) for name in wheres} | {"words": _Nearest(self._words, FOUND)}
        for at, vectors in self.gallery.chunks():
            here = unit(vectors)
            products = self._newcomers @ here.T
            for name, chosen in wheres.items():
                there = chosen[at : at + len(here)]
                nearest[name].add(products[:, there], ids[at : at + len(here)][there])
            nearest["words"].add(self._words @ here.T, ids[at : at + len(here)])
        return {name: found.ids for name, found in nearest.items()}

    def _hnsw(self, name: str, table: str, column: str) -> float:
        """Seconds for an index as a contract's are (services/contracts.py)."""
        run(f"DROP INDEX IF EXISTS {name}")
        return _seconds(
            f"CREATE INDEX {name} ON {table} USING hnsw (({column}::halfvec({self._dim})) halfvec_cosine_ops)"
            f" WITH ({_OPTIONS}) WHERE contract_id = {self._contract.pk}"
        )

    def _lookups(self, name: str, ask: Callable[[int], Iterable[Any]]) -> Figures:
        """Time and completeness of looking for the hashes of newcomers."""
        hashes = self.gallery.new_hashes[:QUESTIONS]
        found, figures = _asked(name, lambda value: ask(int(value)), hashes)
        right = [np.flatnonzero(np.bitwise_count(self.gallery.hashes ^ value) <= NEAR_BITS) + 1 for value in hashes]
        return figures | {f"{name}_found": _recall(found, right), f"{name}_pairs": float(sum(map(len, right)))}

    def _searches(
        self,
        name: str,
        questions: Vectors,
        truth: Numbers,
        among: QuerySet[Any] | None = None,
        limit: int = FOUND,
    ) -> Figures:
        """Time and recall of searches as the site does them."""

        def ask(vector: Vectors) -> list[tuple[int, float]]:
            return nearest_images(contract=self._contract, vector=vector, limit=limit, among=among)

        found, figures = _asked(name, ask, questions)
        return figures | {f"{name}_recall": _recall(found, truth)}

    def _other_index(self, name: str, on: str, where: str = "") -> Figures:
        run(f"DROP INDEX IF EXISTS {name}_hnsw")
        seconds = _seconds(f"CREATE INDEX {name}_hnsw ON {on} WITH ({_OPTIONS}){where}")
        return {f"{name}_s": seconds, f"{name}_mb": _megabytes(f"{name}_hnsw")}


class _Nearest:
    """The best so far of each question."""

    def __init__(self, questions: Vectors, count: int) -> None:
        self._count = count
        self._products = np.full((len(questions), count), -np.inf, np.float32)
        self.ids = np.zeros((len(questions), count), np.int64)

    def add(self, products: Vectors, ids: Numbers) -> None:
        """More candidates: their products (q, n) and ids (n,)."""
        every = np.hstack([self._products, products])
        known = np.hstack([self.ids, np.broadcast_to(ids, (len(every), len(ids)))])
        best = np.argpartition(-every, self._count - 1, axis=1)[:, : self._count]
        self._products, self.ids = (np.take_along_axis(array, best, axis=1) for array in (every, known))


def _asked(name: str, ask: Callable[[Any], Iterable[Any]], questions: NDArray[Any]) -> tuple[Answers, Figures]:
    """The first column of what was answered to each question; p50 and p95 in milliseconds, each question's time being
    the best of several rounds: the machine may have other things to do.
    """
    answers: list[list[int]] = []
    times = np.empty((ROUNDS, len(questions)))
    for round_times in times:
        answers = []
        for number, question in enumerate(questions):
            started = time.perf_counter()
            answers.append([int(row[0]) for row in ask(question)])
            round_times[number] = (time.perf_counter() - started) * 1000
    p50, p95 = np.percentile(times.min(axis=0), [50, 95])
    return answers, {f"{name}_p50": float(p50), f"{name}_p95": float(p95)}


def _faiss_asked(name: str, index: Any, questions: Vectors) -> tuple[Answers, Figures]:
    """The ids of the nearest images, and the times."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    answers = _asked(name, lambda vector: index.search(vector[None], FOUND)[1][0][:, None] + 1, questions)
    faiss.omp_set_num_threads(threads)
    return answers


def _recall(found: Answers, right: Iterable[Any]) -> float:
    """The share of all right answers that was found."""
    pairs = [(len(np.intersect1d(here, there)), len(there)) for here, there in zip(found, right, strict=True)]
    hits, every = np.sum(pairs, axis=0)
    return float(hits / every)


def _minute(image: int) -> datetime:
    """When the image of that number was taken."""
    return datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=image)


def _text(vector: Vectors) -> str:
    return str(HalfVector(vector).to_text())


def _seconds(sql: str) -> float:
    started = time.perf_counter()
    run(sql)
    return time.perf_counter() - started


def _megabytes(relation: str) -> float:
    ((size,),) = run("SELECT pg_relation_size(%s::regclass) / 1e6", [relation])
    return float(size)
