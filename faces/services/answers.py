"""Answers to the questions that moderators are asked: each is a decision."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from faces.models import Decision, Suggestion
from faces.services.decisions import faces_confirm, faces_move, faces_reject, people_differ, people_merge, survives
from faces.services.turns import take_turn
from photofinder.errors import Problem


@transaction.atomic
def suggestion_answer(*, suggestion: Suggestion, is_same: bool, actor: User | None) -> Decision:
    """Say that it is the same person or that it is not; of two people who are one the better known one's id stays.

    Raises Problem `changed_since` when the question was answered meanwhile, and what the decision raises.
    """
    take_turn()
    asked = Suggestion.objects.select_related("one", "other").filter(pk=suggestion.pk).first()
    if asked is None:
        raise Problem("changed_since", _("This question has an answer by now."))
    if asked.face_id is not None:
        if is_same and asked.is_objection:
            asked.delete()
            return faces_confirm(person=asked.one, faces=[asked.face_id], actor=actor)
        if is_same:
            return faces_move(person=asked.other, faces=[asked.face_id], to=asked.one, actor=actor)
        return faces_reject(person=asked.one, faces=[asked.face_id], actor=actor)
    into, other = sorted((asked.one, asked.other or asked.one), key=survives)
    if is_same:
        return people_merge(into=into, others=[other], actor=actor)
    return people_differ(one=into, other=other, actor=actor)
