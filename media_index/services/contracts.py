"""Which engines' vectors there are: the contract in use, and the one that grows beside it until it is complete."""

from collections.abc import Iterator

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from media_index.engines.base import ImageEngine
from media_index.models import Image, ImageCluster, ImageClusterMember, ImageContract, ImageEmbedding
from media_index.services.carrying import names_carry
from media_index.services.generation import index_changed
from media_index.services.turns import Turn, take_turn
from photofinder.celery import enqueue
from photofinder.contracts import EngineSpec
from photofinder.engines import get_engine
from photofinder.errors import EngineUnavailable

# Where the vectors of all contracts lie, each with its column and what narrows an index to those of one contract.
_TABLES = {"media_index_imageembedding": "embedding", "media_index_imagecluster": "centroid"}
_SENT_AGAIN = 10_000  # images in one transaction


def contract_in_use() -> ImageContract:
    """The contract that searches use. The first one is that of the engine chosen in settings, or of
    settings.IMAGE_ENGINE_MEANWHILE where that lacks its weights.
    """
    current = ImageContract.objects.filter(in_use=True).first()
    if current is None:
        with transaction.atomic():
            current = contract_create(spec=_first_engine().spec)
            ImageContract.objects.filter(pk=current.pk).update(in_use=True)
            current.in_use = True
    return current


def contracts_live() -> list[tuple[ImageContract, ImageEngine]]:
    """The contracts that images are embedded for, the one in use first, with their engines ready to run. Without the
    one in use when its engine is gone, and without the chosen one while it lacks its weights.

    Raises EngineUnavailable when none is left.
    """
    live: dict[ImageContract, ImageEngine] = {}
    reason = None
    for find in (_engine_in_use, _engine_chosen):
        try:
            contract, engine = find()
            engine.load()
            live.setdefault(contract, engine)
        except EngineUnavailable as problem:
            reason = reason or problem
    if not live and reason:
        raise reason
    return list(live.items())


def engine_of(contract: ImageContract) -> ImageEngine:
    """The engine that made the vectors of this contract. Raises EngineUnavailable."""
    for engine in _engines():
        if engine.spec.contract == contract.name:
            return engine
    raise EngineUnavailable(_("No engine in the settings makes vectors of %(contract)s.") % {"contract": contract.name})


@transaction.atomic
def contract_create(*, spec: EngineSpec) -> ImageContract:
    """The row of that contract, with indexes of its own on the vectors; the one that is there already, if it is."""
    contract, is_new = ImageContract.objects.get_or_create(name=spec.contract, defaults={"dim": spec.dim})
    if is_new:
        _indexes_create(contract)
    return contract


@transaction.atomic
def contracts_switch() -> bool:
    """Put the chosen engine's contract in use once every image has its vector and category; whether it happened now.

    An image whose indexing failed is not waited for. Names of categories are carried over. What the old contract has
    stays until `contracts_drop`.
    """
    current, wanted = contract_in_use(), contract_wanted()
    if wanted is None or wanted.in_use or images_missing(wanted).exists():
        return False
    take_turn(Turn.CATEGORIES, wanted.pk)
    if not ImageContract.objects.filter(pk=current.pk, in_use=True).update(in_use=False):
        return False  # somebody else switched while we waited
    ImageContract.objects.filter(pk=wanted.pk).update(in_use=True)
    names_carry(old=current, new=wanted)
    index_changed()
    return True


def images_reembed() -> int:
    """Send the images through the index again that lack a vector of the chosen engine or failed; how many.

    They stay searchable by the contract in use meanwhile, and keep categories and what was decided of duplicates.
    Raises EngineUnavailable.
    """
    contract_in_use()
    wanted, _engine = _engine_chosen()
    failed = Image.objects.exclude(index_error="").filter(is_still=False)
    return sum(map(images_index_again, (*_chunks(images_missing(wanted)), *_chunks(failed))))


def images_complete() -> None:
    """Send the images through the index again that were indexed without the chosen engine: by a worker that was started
    before it was chosen, or while it could not be loaded, or with a vector that was imported. Those that wait come
    anyway.
    """
    if wanted := contract_wanted():
        for ids in _chunks(images_missing(wanted).filter(indexed_at__isnull=False)):
            images_index_again(ids)


@transaction.atomic
def images_index_again(image_ids: list[int]) -> int:
    """Let what the index makes of these images be made again where it is missing; how many there were."""
    images = Image.objects.filter(pk__in=image_ids, ingested_at__isnull=False)
    ids = list(images.locked().values_list("pk", flat=True))
    images.update(indexed_at=None, index_attempts=0, index_error="")
    enqueue(settings.IMAGE_INDEXING, ids, chunk=settings.IMAGE_CHUNK)
    return len(ids)


def contract_wanted() -> ImageContract | None:
    """The contract of the engine that settings choose; None while it lacks its weights or has embedded nothing."""
    try:
        name = get_engine("image").spec.contract
    except EngineUnavailable:
        return None
    return ImageContract.objects.filter(name=name).first()


def images_missing(contract: ImageContract) -> QuerySet[Image]:
    """Images that have been through the index, or came with a vector, and lack a vector or a category of this contract
    although they could be read.
    """
    vectors = ImageEmbedding.objects.filter(image=OuterRef("pk"))
    members = ImageClusterMember.objects.filter(image=OuterRef("pk"), contract=contract)
    images = Image.objects.filter(Q(indexed_at__isnull=False) | Exists(vectors), index_error="", is_still=False)
    missing: QuerySet[Image] = images.exclude(Exists(vectors.filter(contract=contract)), Exists(members))
    return missing


@transaction.atomic
def contracts_drop() -> list[str]:
    """Forget all vectors and categories of contracts that are neither in use nor growing; the contracts' names.

    Raises EngineUnavailable while the chosen engine cannot say which one grows.
    """
    growing = get_engine("image").spec.contract
    old = list(ImageContract.objects.filter(in_use=False).exclude(name=growing).order_by("pk"))
    for contract in old:
        take_turn(Turn.CATEGORIES, contract.pk)
        ImageClusterMember.objects.filter(contract=contract).delete()
        ImageCluster.objects.filter(contract=contract).delete()
        ImageEmbedding.objects.filter(contract=contract).delete()
        _run(f"DROP INDEX IF EXISTS {', '.join(_index_name(table, contract) for table in _TABLES)}")
        contract.delete()
    return [contract.name for contract in old]


def _first_engine() -> ImageEngine:
    try:
        engine: ImageEngine = get_engine("image")
        engine.load()
    except EngineUnavailable:
        engine = get_engine("image", settings.IMAGE_ENGINE_MEANWHILE)
    return engine


def _engine_in_use() -> tuple[ImageContract, ImageEngine]:
    contract = contract_in_use()
    return contract, engine_of(contract)


def _engine_chosen() -> tuple[ImageContract, ImageEngine]:
    engine: ImageEngine = get_engine("image")
    engine.load()  # before the row: a contract without an engine would never be complete
    return contract_create(spec=engine.spec), engine


def _engines() -> Iterator[ImageEngine]:
    """The chosen one, then all that settings know, as far as they can say what they are."""
    for name in ("", *settings.IMAGE_ENGINES):
        try:
            engine: ImageEngine = get_engine("image", name)
            _ = engine.spec
        except EngineUnavailable:
            continue
        yield engine


def _indexes_create(contract: ImageContract) -> None:
    """Partial indexes on the columns cast to the contract's dimension: one column holds the vectors of all of them."""
    options = ", ".join(f"{name} = {value}" for name, value in settings.IMAGE_HNSW.items())
    _run("SET CONSTRAINTS ALL IMMEDIATE")  # PostgreSQL makes no index while rows of this transaction wait for checks
    for table, column in _TABLES.items():
        _run(
            f"CREATE INDEX {_index_name(table, contract)} ON {table}"
            f" USING hnsw (({column}::halfvec({contract.dim})) halfvec_cosine_ops)"
            f" WITH ({options}) WHERE contract_id = {contract.pk}"
        )


def _index_name(table: str, contract: ImageContract) -> str:
    return f"{table}_{contract.pk}_hnsw"


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _chunks(images: QuerySet[Image]) -> Iterator[list[int]]:
    """The ids of these images, in their order, without holding all of them or leaving the rows that moved on."""
    last = 0
    while ids := list(images.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_SENT_AGAIN]):
        yield ids
        last = ids[-1]
