// The form for a selfie: takes it with the camera or from a file, sends it small, and says what is wrong with it.
// A page that goes on by itself listens for `photofinder:likeness`; otherwise the answer's address is opened.
"use strict";
(() => {
  const form = document.querySelector("[data-selfie]");
  const { camera } = pages;
  if (!form || !camera) return;
  const agree = form.querySelector("[data-agree]");
  const problem = form.querySelector("[data-problem]");
  const result = form.dataset.earlier && location.pathname;
  const picker = Object.assign(document.createElement("input"), { type: "file", accept: "image/*" });
  let running = null; // what aborts the search under way
  let wasCamera = false;

  // --- what is wrong -------------------------------------------------------------------------------------------------

  function trouble(title, detail) {
    camera.close();
    problem.hidden = false;
    problem.querySelector("[data-problem-title]").textContent = title || form.dataset.failed;
    problem.querySelector("[data-problem-detail]").textContent = detail;
    problem.scrollIntoView({ block: "nearest" });
    problem.focus({ preventScroll: true });
  }

  function mayGoOn() {
    problem.hidden = true;
    agree?.closest("label").classList.toggle("is-missing", !agree.checked);
    if (!agree || agree.checked) return true;
    trouble(form.dataset.consent, form.dataset.consentDetail);
    agree.focus();
    return false;
  }

  // --- taking --------------------------------------------------------------------------------------------------------

  async function shoot() {
    if (!mayGoOn()) return;
    wasCamera = true;
    const missing = await camera.open(send);
    if (missing === "camera-blocked") trouble(form.dataset.cameraBlocked, form.dataset.cameraBlockedDetail);
    if (missing === "no-camera") trouble(form.dataset.noCamera, form.dataset.noCameraDetail);
  }

  function pick() {
    if (!mayGoOn()) return;
    wasCamera = false;
    picker.value = "";
    picker.click();
  }

  async function take(file) {
    camera.busy(file);
    send(await camera.shrink(file));
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  async function send(photo, face = null) {
    const mine = (running = {});
    camera.busy(face === null ? null : photo);
    const body = new FormData(form);
    body.delete("photo");
    body.append("photo", photo, "selfie.jpg");
    if (face !== null) body.set("face", face);
    const known = result && pages.likeness(result);
    if (known) body.set("likeness", known);
    try {
      const answer = await pages.post(form.action, body);
      if (mine === running) arrive(answer);
    } catch (error) {
      if (mine === running) refuse(error, photo, face);
    }
  }

  function refuse(error, photo, face) {
    if (error.code === "several_faces") {
      camera.choose(photo, error.faces, form.dataset.face, (index) => send(photo, index));
      return;
    }
    if (error.code !== "likeness_expired") return trouble(error.title, error.detail);
    pages.keepLikeness("", ""); // the photo alone will do
    send(photo, face);
  }

  function arrive(answer) {
    const heard = new CustomEvent("photofinder:likeness", { detail: answer, cancelable: true });
    if (!form.dispatchEvent(heard)) return;
    pages.keepLikeness(new URL(answer.url, location.href).pathname, answer.likeness);
    location.assign(answer.url);
  }

  // --- events --------------------------------------------------------------------------------------------------------

  form.querySelector("[data-camera]")?.addEventListener("click", shoot);
  form.querySelector("[data-file]")?.addEventListener("click", pick);
  form.addEventListener("submit", (event) => event.preventDefault());
  agree?.addEventListener("change", () => {
    if (agree.checked) mayGoOn();
  });
  picker.addEventListener("change", () => picker.files.length && take(picker.files[0]));
  camera.dialog.addEventListener("left", () => (running = null));
  camera.dialog.addEventListener("pick", pick);
  camera.dialog.addEventListener("retake", () => {
    if (wasCamera) return camera.start();
    camera.close();
    pick();
  });
  addEventListener("pageshow", (event) => event.persisted && camera.close()); // back from the result
})();
