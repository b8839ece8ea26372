// The whole photo with the box of a face, beside the face that is pointed at, focused or pressed for long. A face is an
// element with the data of parts/pick.html; the page has one [data-context].
"use strict";
(() => {
  const POINTED_MS = 350; // so that nothing flickers under a mouse on its way
  const FOCUSED_MS = 150;
  const PRESSED_MS = 450;
  const GAP = 12;
  const popover = document.querySelector("[data-context]");
  const part = (name) => popover.querySelector(`[data-context-${name}]`);
  const faceOf = (event) => event.target.closest?.("[data-face][data-photo]");
  let shown = null;
  let timer = 0;
  let pressed = false; // the click that ends a long press chooses nothing
  let byKeyboard = false; // a click moves the focus too

  function fill(face) {
    const { photo, preview, box, name, event, quality, link, ratio } = face.dataset;
    const image = part("photo");
    image.src = preview || photo;
    const sharp = new Image();
    sharp.onload = () => shown === face && (image.src = photo);
    if (photo) sharp.src = photo;
    popover.style.setProperty("--pf-ratio", ratio);
    part("box").style.cssText = box;
    part("name").textContent = name;
    part("event").textContent = event;
    part("quality").textContent = quality;
    part("link").href = link;
  }

  // Beside the face where there is room, else below or above it; over neither it nor the bar that says what can be done.
  function place(face) {
    const around = face.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = popover;
    const clamp = (value, most, least = GAP) => Math.max(least, Math.min(value, most - GAP));
    const bar = document.querySelector("[data-actions]")?.getBoundingClientRect().bottom ?? 0;
    const least = Math.max(GAP, bar + height + 2 * GAP < innerHeight ? bar + GAP : 0);
    const isRight = around.right + GAP + width <= innerWidth - GAP;
    const isLeft = around.left - GAP - width >= GAP;
    const isBelow = around.bottom + GAP + height <= innerHeight;
    const top = isRight || isLeft ? around.top + around.height / 2 - height / 2 : isBelow ? around.bottom + GAP : around.top - GAP - height;
    const left = isRight ? around.right + GAP : isLeft ? around.left - GAP - width : around.left + around.width / 2 - width / 2;
    popover.style.left = `${clamp(left, innerWidth - width)}px`;
    popover.style.top = `${clamp(top, innerHeight - height, least)}px`;
  }

  function show(face, isPinned) {
    if (!face.isConnected) return;
    shown = face;
    fill(face);
    popover.classList.toggle("pf-context-pinned", isPinned);
    popover.hidden = false;
    place(face);
  }

  function hide() {
    clearTimeout(timer);
    shown = null;
    popover.hidden = true;
  }

  function soon(face, after, isPinned = false) {
    clearTimeout(timer);
    timer = setTimeout(() => show(face, isPinned), after);
  }

  const isPinned = () => !popover.hidden && popover.classList.contains("pf-context-pinned");

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse" || isPinned()) return;
    const face = faceOf(event);
    if (!face) return event.target.closest?.("[data-context]") ? undefined : hide();
    if (face !== shown) soon(face, shown ? FOCUSED_MS : POINTED_MS);
  });
  document.addEventListener("focusin", (event) => {
    const face = faceOf(event);
    if (face && byKeyboard) soon(face, FOCUSED_MS);
    else if (!face && !popover.contains(event.target)) hide();
  });
  document.addEventListener("pointerdown", (event) => {
    pressed = byKeyboard = false;
    if (popover.contains(event.target)) return;
    hide();
    const face = faceOf(event);
    if (!face || event.pointerType === "mouse") return;
    timer = setTimeout(() => {
      pressed = true;
      show(face, true);
    }, PRESSED_MS);
  });
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => popover.hidden && clearTimeout(timer));
  document.addEventListener("click", (event) => {
    if (!pressed || !faceOf(event)) return;
    pressed = false;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  document.addEventListener("contextmenu", (event) => {
    if (faceOf(event) && pressed) event.preventDefault(); // a long press on a touch screen
  });
  document.addEventListener("keydown", (event) => {
    byKeyboard = true;
    if (event.key !== "Escape" || popover.hidden) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // the next one lets go of what is chosen
    hide();
  }, true);
  document.addEventListener("scroll", () => popover.hidden || hide(), { passive: true, capture: true });
  document.addEventListener("photofinder:renewed", hide);
})();
