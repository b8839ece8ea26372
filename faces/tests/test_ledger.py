"""Whose a face is, by the words said about it."""

from faces.ledger import Standing, Word, ruled_out, standing

ANN, BOB, EVE = 1, 2, 3
APART = {ANN: ANN, BOB: BOB, EVE: EVE}
ANN_IS_BOB = APART | {ANN: BOB}


def test_it_is_the_engines_while_nobody_has_spoken() -> None:
    assert standing([], ANN, APART) == Standing(ANN, pinned=False)
    assert standing([], None, APART) == Standing(None, pinned=False)


def test_the_last_word_counts() -> None:
    assert standing([Word(BOB, True), Word(EVE, True)], ANN, APART) == Standing(EVE, pinned=True)


def test_a_face_follows_its_person_into_a_merge() -> None:
    assert standing([Word(ANN, True)], None, ANN_IS_BOB) == Standing(BOB, pinned=True)
    assert standing([], ANN, ANN_IS_BOB) == Standing(BOB, pinned=False)


def test_not_this_person_takes_back_what_was_said_of_the_same_person_only() -> None:
    assert standing([Word(ANN, True), Word(ANN, False)], BOB, APART) == Standing(BOB, pinned=False)
    assert standing([Word(ANN, True), Word(BOB, False)], BOB, APART) == Standing(ANN, pinned=True)
    assert standing([Word(ANN, True), Word(BOB, False)], EVE, ANN_IS_BOB) == Standing(EVE, pinned=False)


def test_the_engine_is_not_heard_about_who_was_ruled_out() -> None:
    assert standing([Word(ANN, False)], ANN, APART) == Standing(None, pinned=False)
    assert standing([Word(BOB, False)], ANN, ANN_IS_BOB) == Standing(None, pinned=False)


def test_what_a_merge_says_of_all_faces_is_not_said_of_each() -> None:
    merged = Word(ANN, True, of_merge=True)
    assert standing([merged], BOB, APART) == Standing(ANN, pinned=False)
    assert standing([Word(ANN, True), merged], BOB, APART) == Standing(ANN, pinned=True)
    assert standing([Word(BOB, True), merged], BOB, APART) == Standing(ANN, pinned=False)


def test_what_is_not_a_face_is_nobodys() -> None:
    assert standing([Word(ANN, True), Word(None, True)], ANN, APART) == Standing(None, pinned=True, dismissed=True)


def test_a_change_of_mind_rules_nobody_out() -> None:
    assert ruled_out([Word(ANN, False), Word(ANN, True), Word(BOB, False)], APART) == {BOB}
