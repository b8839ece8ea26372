// Pairs of faces to be compared: answered by a key, twenty at a time, the next pictures loaded meanwhile.
"use strict";
(() => {
  const area = document.querySelector("[data-checks]");
  const find = (name) => area.querySelector(`[data-${name}]`);
  const token = () => area.querySelector("[name=csrfmiddlewaretoken]").value;
  const ANSWERS = { Digit1: "same", Numpad1: "same", KeyY: "same", Digit2: "different", Numpad2: "different", KeyN: "different", Digit3: "unsure", Numpad3: "unsure", KeyL: "unsure" };

  let waiting = [];
  let total = 0;
  let running = Promise.resolve();
  const answered = []; // {question, check}: check is the number that the server gave the answer

  async function begin() {
    find("trouble").hidden = true;
    const answer = await fetch(area.dataset.checks, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) return complain();
    waiting = (await answer.json()).questions;
    total = waiting.length;
    answered.length = 0;
    find("start").hidden = true;
    find("none").hidden = total > 0;
    show();
    area.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  async function post(url, fields) {
    const headers = { "X-CSRFToken": token(), Accept: "application/json" };
    const answer = await fetch(url, { method: "POST", body: new URLSearchParams(fields), headers, redirect: "manual" });
    const said = answer.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json() : {};
    if (!answer.ok) throw Object.assign(new Error(said.detail || area.dataset.broken), { code: said.code });
    return said;
  }

  function answer(choice) {
    const question = waiting.shift();
    if (!question) return;
    const given = { question, check: null };
    answered.push(given);
    show();
    running = running.then(async () => {
      try {
        given.check = (await post(area.dataset.send, { token: question.token, answer: choice })).check;
      } catch (error) {
        answered.splice(answered.indexOf(given), 1);
        complain(error.message);
        count();
      }
    });
  }

  async function back() {
    await running;
    const last = answered.pop();
    if (!last) return;
    try {
      await post(area.dataset.withdraw.replace("/0/", `/${last.check}/`), {});
    } catch (error) {
      return complain(error.message);
    }
    waiting.unshift(last.question);
    show();
  }

  function complain(text) {
    find("trouble").textContent = text || area.dataset.broken;
    find("trouble").hidden = false;
  }

  function show() {
    const [question] = waiting;
    find("duel").hidden = find("answers").hidden = !question;
    find("end").hidden = true;
    count();
    if (!question) return finish();
    find("duel").replaceChildren(...question.faces.map(side));
    for (const { faces } of waiting.slice(1, 4)) for (const face of faces) for (const url of [face.crop, face.photo]) new Image().src = url;
  }

  // The way on appears when the last answer is kept: leaving the page earlier would lose it.
  async function finish() {
    const last = answered.at(-1);
    await (running = running.then(() => {}));
    find("end").hidden = waiting.length > 0 || last !== answered.at(-1);
  }

  function count() {
    find("count").textContent = total ? `${answered.length} / ${total}` : "";
    find("back").hidden = !answered.length;
  }

  function side(face) {
    const card = find("side").content.firstElementChild.cloneNode(true);
    const part = (name) => card.querySelector(`[data-${name}]`);
    part("crop").src = face.crop;
    part("photo").src = face.photo;
    part("photo").parentElement.style.setProperty("--pf-ratio", face.ratio);
    part("box").style = face.box;
    return card;
  }

  area.addEventListener("click", (event) => {
    if (event.target.closest("[data-begin]")) begin();
    else if (event.target.closest("[data-back]")) back();
    else if (event.target.closest("[data-answer]")) answer(event.target.closest("[data-answer]").dataset.answer);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest?.("input, textarea, select, [contenteditable=true]") || event.repeat) return;
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.code === "KeyZ" && answered.length;
    if (isUndo) back();
    else if (!event.ctrlKey && !event.metaKey && !event.altKey && ANSWERS[event.code] && waiting.length) answer(ANSWERS[event.code]);
    else return;
    event.preventDefault();
  });
})();
