// The dialog that takes a photo: `pages.camera` shows the live picture, the photo, its faces, and that it is being sent.
"use strict";
pages.camera = (() => {
  const dialog = document.querySelector("[data-camera-dialog]");
  if (!dialog) return null;
  const LONG_SIDE = 1600;
  const QUALITY = 0.9;
  const find = (name) => dialog.querySelector(`[data-${name}]`);
  const view = find("view");
  const video = find("video");
  const still = find("still");
  const frame = find("frame");
  let stream = null;
  let facing = "user";
  let opening = 0; // counts the openings of the camera: one that was overtaken is closed again
  let used = null; // what to do with a photo, see `open`

  const stage = (name) => (dialog.dataset.at = name);
  const scaled = (width, height) => Math.min(1, LONG_SIDE / Math.max(width, height));

  // --- the live picture ----------------------------------------------------------------------------------------------

  // Asks for the camera; answers whether there is one. `use` is called with each photo that is taken.
  async function open(use) {
    used = use;
    if (!navigator.mediaDevices?.getUserMedia) return "no-camera";
    show();
    return start();
  }

  async function start() {
    const mine = (opening += 1);
    stop();
    stage("live");
    find("shutter").disabled = true;
    try {
      const wanted = { facingMode: facing, width: { ideal: 1920 }, height: { ideal: 1440 } };
      const fresh = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      if (mine !== opening || !dialog.open) return fresh.getTracks().forEach((track) => track.stop());
      stream = fresh;
    } catch (error) {
      if (mine !== opening) return "";
      close();
      return error.name === "NotAllowedError" || error.name === "SecurityError" ? "camera-blocked" : "no-camera";
    }
    video.srcObject = stream;
    video.classList.toggle("is-mirrored", isFront());
    await video.play().catch(() => {});
    find("shutter").disabled = false;
    find("shutter").focus();
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    find("switch").hidden = devices.filter((device) => device.kind === "videoinput").length < 2;
    return "";
  }

  const isFront = () => (stream?.getVideoTracks()[0]?.getSettings().facingMode ?? facing) === "user";

  function stop() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
  }

  // What the visitor sees of the picture, not what lies beyond the edges of the dialog.
  function shoot() {
    const { videoWidth, videoHeight } = video;
    const { clientWidth, clientHeight } = view;
    const fit = Math.min(videoWidth / clientWidth, videoHeight / clientHeight);
    const [width, height] = [Math.round(clientWidth * fit), Math.round(clientHeight * fit)];
    const canvas = drawn(video, (videoWidth - width) / 2, (videoHeight - height) / 2, width, height);
    const wasFront = isFront();
    stop();
    canvas.toBlob((blob) => {
      look(blob, wasFront);
      stage("still");
      find("use").onclick = () => used(blob);
      find("use").focus();
    }, "image/jpeg", QUALITY);
  }

  // --- photos --------------------------------------------------------------------------------------------------------

  function drawn(source, left, top, width, height) {
    const scale = scaled(width, height);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
    canvas.getContext("2d").drawImage(source, left, top, width, height, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  // A file as a JPEG that is small enough to send; a format that this browser cannot read is left to the server.
  async function shrink(file) {
    try {
      const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
      const canvas = drawn(bitmap, 0, 0, bitmap.width, bitmap.height);
      bitmap.close();
      return await new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ?? file), "image/jpeg", QUALITY));
    } catch {
      return file;
    }
  }

  function look(blob, isMirrored = false) {
    URL.revokeObjectURL(still.src);
    clear();
    still.hidden = true;
    still.onload = () => {
      still.hidden = false;
      fit();
    };
    still.src = URL.createObjectURL(blob);
    frame.classList.toggle("is-mirrored", isMirrored);
  }

  // Lets the photo's frame be as large as the photo is shown, so that boxes in fractions of it lie right.
  function fit() {
    if (!still.naturalWidth) return;
    const scale = Math.min(view.clientWidth / still.naturalWidth, view.clientHeight / still.naturalHeight);
    frame.style.width = `${Math.floor(still.naturalWidth * scale)}px`;
    frame.style.height = `${Math.floor(still.naturalHeight * scale)}px`;
  }

  function busy(blob) {
    show();
    if (blob) look(blob);
    stage("busy");
  }

  // Lets the visitor say which of the faces, [left, top, width, height] in fractions, is theirs.
  function choose(blob, faces, label, chosen) {
    look(blob);
    stage("faces");
    const buttons = faces.map((box, index) => faceButton(box, index, label, chosen));
    frame.append(...buttons);
    buttons[0]?.focus();
  }

  function faceButton([left, top, width, height], index, label, chosen) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "face-box" });
    button.ariaLabel = label.replace("{n}", index + 1);
    button.append(Object.assign(document.createElement("span"), { textContent: index + 1 }));
    const place = { left, top, width, height };
    for (const [side, value] of Object.entries(place)) button.style[side] = `${value * 100}%`;
    button.addEventListener("click", () => chosen(index));
    return button;
  }

  const clear = () => frame.querySelectorAll(".face-box").forEach((button) => button.remove());

  // --- the dialog ----------------------------------------------------------------------------------------------------

  function show() {
    if (!dialog.open) dialog.showModal();
  }

  function close() {
    if (dialog.open) dialog.close();
  }

  dialog.addEventListener("close", () => {
    opening += 1;
    stop();
    dialog.dispatchEvent(new CustomEvent("left"));
  });
  find("close").addEventListener("click", close);
  find("shutter").addEventListener("click", shoot);
  find("switch").addEventListener("click", () => {
    facing = facing === "user" ? "environment" : "user";
    start();
  });
  window.addEventListener("resize", fit);
  for (const button of dialog.querySelectorAll("[data-retake]")) {
    button.addEventListener("click", () => dialog.dispatchEvent(new CustomEvent("retake")));
  }
  find("pick").addEventListener("click", () => dialog.dispatchEvent(new CustomEvent("pick")));

  return { dialog, open, start, close, busy, choose, shrink };
})();
