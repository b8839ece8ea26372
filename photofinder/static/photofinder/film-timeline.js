// The timeline below a film: how much moves when, what happens when, where the player is. Pointer and keys move it.
// photofinder.timeline(root, { seek, step }) draws; its `now`, `renew` and `mark` follow what happens on the page.
"use strict";
window.photofinder = window.photofinder || {};
photofinder.clock = (seconds) => {
  const whole = Math.max(Math.floor(seconds), 0);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
};
photofinder.timeline = (root, { seek, step }) => {
  const [HEIGHT, MOTION, LANE, LANE_HEIGHT] = [72, 46, 54, 14]; // in pixels: all, where motion stands, where events lie
  const LEAST_TALL = 60; // per mille of a frame that move: a film in which less moves has no high bars
  const SVG = "http://www.w3.org/2000/svg";
  const find = (name) => root.querySelector(`[data-${name}]`);
  const drawing = find("drawing");
  const tip = find("tip");
  let film = { duration: 0, position: 0, motion: [], step: 1, events: [] };
  let found = null;

  const share = (seconds) => `${Math.min(Math.max(seconds / film.duration, 0), 1) * 100}%`;
  const make = (name, fields) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(fields)) element.setAttribute(key, value);
    return element;
  };

  function area() {
    const most = Math.max(LEAST_TALL, ...film.motion);
    const high = (figure) => MOTION - Math.sqrt(figure / most) * (MOTION - 6); // or small movements would not be seen
    const steps = film.motion.map((figure, at) => `V${high(figure).toFixed(1)}H${Math.min((at + 1) * film.step, film.duration)}`);
    return `M0,${MOTION}${steps.join("")}V${MOTION}Z`;
  }

  function span([id, start, end]) {
    const least = film.duration / 400; // short events are seen, too
    const kind = found && !found.has(id) ? "pf-span pf-span-off" : "pf-span";
    return make("rect", { class: kind, "data-span": id, x: start, y: LANE, width: Math.max(end - start, least), height: LANE_HEIGHT });
  }

  function draw() {
    root.hidden = !(film.duration > 0);
    if (root.hidden) return;
    drawing.setAttribute("viewBox", `0 0 ${film.duration} ${HEIGHT}`);
    drawing.replaceChildren(make("path", { class: "pf-motion", d: area() }), ...film.events.map(span));
    const left = share(film.position);
    find("undone").style.left = left;
    find("undone").hidden = film.position >= film.duration;
    root.setAttribute("aria-valuemax", film.duration.toFixed(1));
  }

  const at = (event) => {
    const box = root.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * film.duration;
  };
  const nearest = (seconds) => film.events.findLast(([, start, end]) => start <= seconds && seconds <= Math.max(end, start + film.duration / 400));

  function hover(event) {
    const seconds = at(event);
    const line = find("hover-line");
    line.hidden = tip.hidden = false;
    line.style.left = share(seconds);
    const card = document.querySelector(`[data-event="${nearest(seconds)?.[0]}"]`);
    const frame = find("tip-frame");
    frame.hidden = !card;
    if (card) frame.src = card.querySelector("img").src;
    find("tip-time").textContent = photofinder.clock(seconds);
    find("tip-caption").textContent = card?.querySelector(".pf-film-caption").textContent ?? "";
    const [whole, mine] = [root.offsetWidth, tip.offsetWidth];
    tip.style.left = `${Math.min(Math.max((seconds / film.duration) * whole - mine / 2, 0), Math.max(whole - mine, 0))}px`;
  }
  const leave = () => (find("hover-line").hidden = tip.hidden = true);

  root.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    root.setPointerCapture(event.pointerId);
    seek(at(event));
  });
  root.addEventListener("pointermove", (event) => {
    hover(event);
    if (root.hasPointerCapture(event.pointerId)) seek(at(event));
  });
  root.addEventListener("pointerleave", leave);
  root.addEventListener("pointerup", (event) => event.pointerType !== "mouse" && leave());
  root.addEventListener("pointercancel", leave);
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const now = Number(root.getAttribute("aria-valuenow"));
    const to = { Home: 0, End: film.duration, PageUp: now + film.duration / 10, PageDown: now - film.duration / 10 }[event.key];
    if (to !== undefined) seek(Math.min(Math.max(to, 0), film.duration));
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") step(event.key === "ArrowUp" ? 1 : -1);
    else return;
    event.preventDefault();
  });

  return {
    events: () => film.events,
    renew(fresh) {
      film = fresh;
      draw();
    },
    reach(position) {
      film.position = position;
      if (film.duration) find("undone").style.left = share(position);
    },
    mark(ids) {
      found = ids;
      draw();
    },
    now(seconds) {
      if (!film.duration) return;
      find("now").style.left = share(seconds);
      root.setAttribute("aria-valuenow", seconds.toFixed(1));
      root.setAttribute("aria-valuetext", photofinder.clock(seconds));
      const here = new Set(film.events.filter(([, start, end]) => start - 0.05 <= seconds && seconds <= end).map(([id]) => String(id)));
      for (const rect of drawing.querySelectorAll("[data-span]")) rect.classList.toggle("pf-span-now", here.has(rect.dataset.span));
    },
  };
};
