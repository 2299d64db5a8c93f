// Sends dropped files one after the other, and shows the progress of imports as it is told.
"use strict";

const token = document.querySelector('meta[name="csrf-token"]').content;
const form = document.getElementById("upload");
const drop = document.getElementById("drop");
const input = document.getElementById("files");
const list = document.getElementById("jobs");
const announce = document.getElementById("announce");
let source = null;
let waiting = Promise.resolve();

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function addItem(name, size) {
  const item = element("li");
  const row = element("div", "", "row");
  row.append(element("strong", name), element("span", "sending", "badge"));
  const bar = element("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", `Progress of ${name}`);
  item.append(row, bar, element("p", "Sending …", "text"),
    element("small", `${(size / 1e6).toFixed(1)} MB`));
  list.prepend(item);
  document.getElementById("none").hidden = true;
  return item;
}

function show(state, item = document.getElementById(`job-${state.id}`)) {
  item ||= addItem(state.name, state.size);
  const changed = item.dataset.status !== state.status;
  item.id = `job-${state.id}`;
  item.dataset.id = state.id;
  item.dataset.status = state.status;
  const badge = item.querySelector(".badge");
  badge.textContent = state.status;
  badge.className = `badge ${state.status}`;
  item.querySelector(".text").textContent = state.text;
  const bar = item.querySelector("progress");
  if (bar) {
    bar.value = state.progress;
    if (state.over) bar.remove();
  }
  if (changed && state.over) announce.textContent = `${state.name}: ${state.status}. ${state.text}`;
}

function refuse(item, text) {
  item.querySelector("progress").remove();
  const badge = item.querySelector(".badge");
  badge.textContent = "refused";
  badge.className = "badge refused";
  item.querySelector(".text").textContent = text;
  announce.textContent = text;
}

function send(file) {
  const item = addItem(file.name, file.size);
  waiting = waiting.then(() => new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${form.dataset.to}?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("X-CSRFToken", token);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => {
      item.querySelector("progress").value = event.loaded / event.total;
    };
    request.onload = () => {
      if (request.status === 202) {
        const state = JSON.parse(request.responseText);
        item.dataset.url = `${location.pathname}${state.id}/status`;
        show(state, item);
        follow();
      } else {
        let text = `The server answered ${request.status}.`;
        try { text = JSON.parse(request.responseText).detail || text; } catch { /* no JSON */ }
        refuse(item, text);
      }
      done();
    };
    request.onerror = () => { refuse(item, "The file could not be sent."); done(); };
    request.send(file);
  }));
}

function follow() {
  if (!list.dataset.events) { poll(); return; }
  if (source) return;
  source = new EventSource(list.dataset.events);
  source.addEventListener("import", (event) => show(JSON.parse(event.data)));
  source.addEventListener("idle", () => {
    source.close();
    source = null;
    if (list.querySelector('[data-status="waiting"], [data-status="running"]')) follow();
  });
}

let polling = false;
async function poll() {
  if (polling) return;
  polling = true;
  for (;;) {
    const open = [...list.querySelectorAll('[data-status="waiting"], [data-status="running"]')];
    if (!open.length) break;
    for (const item of open) {
      const answer = await fetch(item.dataset.url, { headers: { Accept: "application/json" } });
      if (answer.ok) show(await answer.json(), item);
    }
    await new Promise((done) => setTimeout(done, 500));
  }
  polling = false;
}

input.addEventListener("change", () => {
  [...input.files].forEach(send);
  input.value = "";
});
for (const name of ["dragover", "dragenter"]) {
  drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  [...event.dataTransfer.files].forEach(send);
});
if (list.querySelector('[data-status="waiting"], [data-status="running"]')) follow();
