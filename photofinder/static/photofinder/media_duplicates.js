// Groups of duplicates: one after the other decided by mouse or keys. What is decided goes, and comes back when undone.
"use strict";
(() => {
  const root = document.querySelector("[data-duplicates]");
  if (!("mayJudge" in root.dataset)) return;
  const area = root.querySelector("[data-groups]");
  const groups = () => [...area.querySelectorAll("[data-group]")];
  const waiting = () => groups().filter((group) => !group.hidden);
  const numberOf = (group) => Number(group.dataset.group);
  const about = (group) => ({ group: numberOf(group), seen: group.dataset.seen }); // what a decision speaks of
  let here = null; // the group that keys speak of

  function goTo(group, { scroll = true } = {}) {
    here?.classList.remove("pf-here");
    here = group ?? null;
    if (!here) return;
    here.classList.add("pf-here");
    here.focus({ preventScroll: true });
    if (scroll) here.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = waiting();
    const place = all.indexOf(here);
    goTo(all[Math.min(Math.max(place + by, 0), all.length - 1)]);
  }

  function count(change) {
    const figure = root.querySelector("[data-waiting]");
    figure.textContent = Math.max(Number(figure.textContent) + change, 0);
    root.querySelector("[data-empty]").hidden = waiting().some((group) => !group.classList.contains("pf-dup-later"));
  }

  // Where the work goes on: the next group, at the end the one before.
  const neighbour = (group) => {
    const all = waiting();
    const place = all.indexOf(group);
    return all[place + 1] ?? all[place - 1];
  };

  async function decide(fields, gone) {
    for (const group of gone) group.classList.add("pf-busy");
    const result = await photofinder.decide(fields);
    for (const group of gone) group.classList.remove("pf-busy");
    if (!result) return;
    const next = gone.includes(here) || !here ? neighbour(gone.at(-1)) : here;
    for (const group of gone) group.hidden = true;
    count(-result.groups.length);
    goTo(next);
  }

  const keep = (group, candidate) => candidate && decide({ kind: "keep", ...about(group), image: candidate.dataset.candidate }, [group]);
  const nth = (group, number) => group.querySelector(`[data-number="${number}"]`);

  // One image of the group is none of it; what is left of the group may have become others.
  async function apart(group, candidate) {
    const result = await photofinder.decide({ kind: "dismiss", ...about(group), images: candidate.dataset.candidate });
    if (!result) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return location.reload();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    area.replaceChildren(...[...page.querySelector("[data-groups]").children].map((each) => document.adoptNode(each)));
    root.querySelector("[data-waiting]").textContent = page.querySelector("[data-waiting]").textContent;
    goTo(area.querySelector(`[data-group="${numberOf(group)}"]`) ?? waiting()[0]);
    count(0);
  }

  function later(group) {
    const next = neighbour(group);
    group.classList.add("pf-dup-later");
    area.append(group);
    count(0);
    goTo(next);
  }

  const DONE = {
    keep: (group, candidate) => keep(group, candidate),
    apart: (group, candidate) => apart(group, candidate),
    best: (group) => keep(group, nth(group, 1)),
    dismiss: (group) => decide({ kind: "dismiss", ...about(group) }, [group]),
    later,
  };
  const KEYS = { KeyB: "best", KeyD: "dismiss", KeyL: "later" };

  function all(button) {
    const left = waiting().filter((group) => !group.classList.contains("pf-dup-later"));
    if (left.length && confirm(button.dataset.ask)) decide({ kind: "keep_best", groups: left.map(numberOf), seen: left.map((group) => group.dataset.seen) }, left);
  }

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    if (button.dataset.do === "all") return all(button);
    const group = button.closest("[data-group]");
    goTo(group, { scroll: false });
    DONE[button.dataset.do](group, button.closest("[data-candidate]"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || photofinder.isTyping(event.target)) return;
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
    const steps = { ArrowDown: 1, ArrowUp: -1, KeyJ: 1, KeyK: -1 };
    if (event.key in steps || event.code in steps) step(steps[event.key] ?? steps[event.code]);
    else if (here && !event.repeat && digit) keep(here, nth(here, digit));
    else if (here && !event.repeat && KEYS[event.code]) DONE[KEYS[event.code]](here);
    else return;
    event.preventDefault();
  });
  document.addEventListener("photofinder:undone", (event) => {
    const back = event.detail.groups;
    const known = groups().filter((group) => back?.includes(numberOf(group)) && group.hidden);
    if (!back || known.length < back.length) return; // the page is loaded anew
    event.preventDefault();
    for (const group of known) group.hidden = false;
    count(back.length);
    goTo(known[0]);
  });
  goTo(waiting()[0], { scroll: false });
})();
