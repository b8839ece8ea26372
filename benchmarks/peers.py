"""Other ways to cluster faces, each with one limit on similarity, for comparison in benchmarks.identity."""

import random
from collections.abc import Callable

import igraph
import numpy as np
from hdbscan import HDBSCAN
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import DBSCAN

from faces.neighbours import nearest

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]

_NEIGHBOURS = 64
_LEAST_FACES = 3  # of a person, by Immich's default


def average_linkage(vectors: Vectors, limit: float) -> Numbers:
    """UPGMA on cosine distances, cut at a fixed distance."""
    tree = linkage(vectors, "average", metric="cosine")
    return np.asarray(fcluster(tree, 1 - limit, "distance"), np.int64)


def dbscan(vectors: Vectors, limit: float) -> Numbers:
    """DBSCAN with cores of two faces."""
    return np.asarray(DBSCAN(eps=1 - limit, min_samples=2, metric="cosine").fit_predict(vectors), np.int64)


def hdbscan(vectors: Vectors, limit: float) -> Numbers:
    """HDBSCAN as LibrePhotos has it (least cluster 2, one sample); below the limit's distance nothing is split."""
    epsilon = float(np.sqrt(2 * (1 - limit)))
    method = HDBSCAN(min_cluster_size=2, min_samples=1, cluster_selection_epsilon=epsilon)
    return np.asarray(method.fit_predict(vectors), np.int64)


def immich(vectors: Vectors, limit: float) -> Numbers:
    """Immich's incremental rule: a face joins the person of its nearest match, and founds one with enough matches."""
    rows, scores = nearest(vectors, vectors, _NEIGHBOURS)
    labels = np.full(len(vectors), -1, np.int64)
    for turn in range(2):  # faces that found nobody are asked once more
        for face in np.flatnonzero(labels < 0):
            near = rows[face][scores[face] >= limit]
            known = labels[near][labels[near] >= 0]
            if len(known):
                labels[face] = known[0]
            elif len(near) >= _LEAST_FACES and turn == 0:
                labels[face] = face
    return labels


def label_propagation(vectors: Vectors, limit: float) -> Numbers:
    """Weighted label propagation."""
    graph = _graph(vectors, limit)
    return np.array(graph.community_label_propagation(weights="weight").membership)


def leiden(vectors: Vectors, limit: float) -> Numbers:
    """Leiden with the constant Potts model: links inside a community are denser than half."""
    graph = _graph(vectors, limit)
    found = graph.community_leiden("CPM", weights="weight", resolution=limit / 2, n_iterations=-1)
    return np.array(found.membership)


def infomap(vectors: Vectors, limit: float) -> Numbers:
    """Infomap."""
    return np.array(_graph(vectors, limit).community_infomap(edge_weights="weight").membership)


def chinese_whispers(vectors: Vectors, limit: float) -> Numbers:
    """Chinese whispers, 20 turns: each face takes the label with the most weight around it."""
    graph, labels = _graph(vectors, limit), np.arange(len(vectors))
    around = [(np.array(graph.neighbors(face)), np.array(graph.incident(face))) for face in range(len(vectors))]
    weights, order = np.array(graph.es["weight"]), np.random.default_rng(0)
    for _ in range(20):
        for face in order.permutation(len(vectors)):
            others, edges = around[face]
            if len(others):
                names, where = np.unique(labels[others], return_inverse=True)
                labels[face] = names[np.bincount(where, weights[edges]).argmax()]
    return labels


PEERS: dict[str, Callable[[Vectors, float], Numbers]] = {
    "average linkage": average_linkage,
    "DBSCAN": dbscan,
    "HDBSCAN": hdbscan,
    "Immich's rule": immich,
    "label propagation": label_propagation,
    "Chinese whispers": chinese_whispers,
    "Leiden": leiden,
    "Infomap": infomap,
}


def _graph(vectors: Vectors, limit: float) -> igraph.Graph:
    """Faces and their neighbours of at least this similarity, which is the weight of the edge."""
    rows, scores = nearest(vectors, vectors, _NEIGHBOURS)
    one = np.repeat(np.arange(len(rows)), rows.shape[1])
    pairs = np.sort(np.column_stack([one, rows.ravel()]), axis=1)
    near = (pairs[:, 0] != pairs[:, 1]) & (scores.ravel() >= limit)
    edges, first = np.unique(pairs[near], axis=0, return_index=True)
    random.seed(0)
    igraph.set_random_number_generator(random)
    return igraph.Graph(len(vectors), edges.tolist(), edge_attrs={"weight": scores.ravel()[near][first].tolist()})
