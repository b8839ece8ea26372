// Picking cards up and putting them on another one: by mouse after a short way, by touch after holding a card. Holding
// one without moving it selects it, so that whatever dragging does can be done by tapping as well.
"use strict";
window.photofinder.draggable = (list, { cardsOf, onDrop, onHold, caption }) => {
  const FAR_PX = 7;
  const HOLD_MS = 420;
  const EDGE_PX = 70; // this near to the edge of the window it scrolls
  const STEP_PX = 14;
  let held = null; // what a finger or the mouse has hold of: { card, x, y, id, isTouch, timer, cards, ghost, target }
  let justDone = false;

  const at = (x, y) => document.elementFromPoint(x, y)?.closest?.("[data-person]");

  function lift() {
    held.cards = cardsOf(held.card);
    held.ghost = document.createElement("div");
    held.ghost.className = "pf-ghost";
    for (const card of held.cards.slice(0, 3)) {
      const picture = card.querySelector(".pf-board-cover img");
      if (picture) held.ghost.append(picture.cloneNode());
      card.classList.add("pf-lifted");
    }
    if (held.cards.length > 1) held.ghost.append(Object.assign(document.createElement("b"), { textContent: held.cards.length }));
    held.caption = held.ghost.appendChild(document.createElement("span"));
    document.body.append(held.ghost);
    document.body.classList.add("pf-dragging");
    requestAnimationFrame(scroll);
  }

  function move(x, y) {
    held.now = [x, y];
    held.ghost.style.transform = `translate(${x}px, ${y}px)`;
    const under = at(x, y);
    const target = under && list.contains(under) && !held.cards.includes(under) ? under : null;
    if (target === held.target) return;
    held.target?.classList.remove("pf-target");
    target?.classList.add("pf-target");
    held.target = target;
    held.caption.textContent = target ? caption(target) : "";
  }

  function scroll() {
    if (!held?.ghost) return;
    const [x, y] = held.now ?? [held.x, held.y];
    const step = y < EDGE_PX ? -STEP_PX : y > innerHeight - EDGE_PX ? STEP_PX : 0;
    if (step) {
      scrollBy(0, step);
      move(x, y); // another card is under it now
    }
    requestAnimationFrame(scroll);
  }

  function letGo() {
    clearTimeout(held.timer);
    held.ghost?.remove();
    held.cards?.forEach((card) => card.classList.remove("pf-lifted"));
    held.target?.classList.remove("pf-target");
    document.body.classList.remove("pf-dragging");
    held = null;
  }

  function finish() {
    if (!held) return;
    const { cards, target, isHeld, ghost } = held;
    justDone = Boolean(ghost) || isHeld; // the click that follows means nothing
    setTimeout(() => (justDone = false), 50);
    letGo();
    if (target) onDrop(target, cards);
  }

  list.addEventListener("pointerdown", (event) => {
    const card = event.target.closest("[data-person]");
    if (!card || held || event.button !== 0 || event.target.closest("input, .pf-board-name input, a")) return;
    const isTouch = event.pointerType !== "mouse";
    held = { card, x: event.clientX, y: event.clientY, id: event.pointerId, isTouch };
    if (isTouch) {
      held.timer = setTimeout(() => {
        held.isHeld = true;
        navigator.vibrate?.(15);
        onHold(held.card);
      }, HOLD_MS);
    }
  });
  document.addEventListener("pointermove", (event) => {
    if (!held || event.pointerId !== held.id) return;
    const isFar = Math.hypot(event.clientX - held.x, event.clientY - held.y) > FAR_PX;
    if (!held.ghost && isFar) {
      if (held.isTouch && !held.isHeld) return letGo(); // the finger scrolls the page
      lift();
    }
    if (held.ghost) move(event.clientX, event.clientY);
  });
  document.addEventListener("pointerup", (event) => held?.id === event.pointerId && finish());
  document.addEventListener("pointercancel", (event) => held?.id === event.pointerId && letGo());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !held?.ghost) return;
    event.stopImmediatePropagation();
    letGo();
  });
  list.addEventListener("touchmove", (event) => held?.isHeld && event.cancelable && event.preventDefault(), { passive: false });
  list.addEventListener("contextmenu", (event) => held?.isTouch && event.preventDefault());
  list.addEventListener("dragstart", (event) => event.preventDefault());
  list.addEventListener(
    "click",
    (event) => {
      if (!justDone) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
};
