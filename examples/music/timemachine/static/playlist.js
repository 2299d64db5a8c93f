// Reorders a playlist by dragging and by keyboard, and takes removals back.
"use strict";

const list = document.getElementById("tracks");
const token = document.querySelector('meta[name="csrf-token"]').content;
const announce = document.getElementById("announce");
const undo = document.getElementById("undo");
// Changes are sent one after the other, each with the version that the one before it gave.
let sending = Promise.resolve();

function say(text) {
  announce.textContent = text;
}

function send(path, body) {
  sending = sending.then(async () => {
    const answer = await fetch(`${list.dataset.base}${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ ...body, version: Number(list.dataset.version) }),
    });
    const state = await answer.json();
    if (!answer.ok) {
      showMessage(state.detail || state.title, "Reload", () => location.reload());
      return null;
    }
    setVersion(state.version);
    return state;
  }).catch(() => showMessage("The change could not be sent.", "Reload", () => location.reload()));
  return sending;
}

function setVersion(version) {
  list.dataset.version = version;
  for (const input of document.querySelectorAll('input[name="version"]')) input.value = version;
}

function showMessage(text, label, act) {
  const button = document.createElement("button");
  button.className = "link";
  button.textContent = label;
  button.addEventListener("click", act);
  undo.replaceChildren(document.createTextNode(text), button);
  undo.hidden = false;
  return null;
}

function number() {
  [...list.children].forEach((item, place) => {
    item.querySelector(".place").textContent = place + 1;
  });
}

function saveOrder(item) {
  number();
  const place = [...list.children].indexOf(item) + 1;
  say(`${item.dataset.name} is now number ${place} of ${list.children.length}.`);
  return send("/order", { items: [...list.children].map((each) => Number(each.dataset.item)) });
}

function move(item, direction) {
  const other = direction === "up" ? item.previousElementSibling : item.nextElementSibling;
  if (!other) {
    say(`${item.dataset.name} is ${direction === "up" ? "first" : "last"} already.`);
    return;
  }
  const focused = document.activeElement;
  if (direction === "up") other.before(item); else other.after(item);
  focused.focus();
  saveOrder(item);
}

async function remove(item) {
  const next = item.nextElementSibling || item.previousElementSibling;
  const state = await send(`/items/${item.dataset.item}/remove`, {});
  if (!state) return;
  item.remove();
  number();
  if (next) next.querySelector('[data-act="remove"] button').focus();
  showMessage(`${item.dataset.name} is removed.`, "Undo", async () => {
    if (await send("/items", { track: state.track, place: state.place })) location.reload();
  });
}

if (list) {
  list.addEventListener("submit", (event) => {
    event.preventDefault();
    const item = event.target.closest("li");
    if (event.target.dataset.act === "remove") remove(item); else move(item, event.target.dataset.act);
  });
  list.addEventListener("keydown", (event) => {
    const direction = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    const item = event.target.closest("li");
    if (event.altKey && direction && item) {
      event.preventDefault();
      move(item, direction);
    }
  });

  let dragged = null;
  const clear = () => list.querySelectorAll(".before, .after").forEach((item) => item.classList.remove("before", "after"));
  const isBefore = (item, event) => {
    const box = item.getBoundingClientRect();
    return event.clientY < box.top + box.height / 2;
  };
  list.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("li");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.name);
    dragged.classList.add("dragged");
  });
  list.addEventListener("dragover", (event) => {
    const item = event.target.closest("li");
    if (!dragged || !item) return;
    event.preventDefault();
    clear();
    if (item !== dragged) item.classList.add(isBefore(item, event) ? "before" : "after");
  });
  list.addEventListener("drop", (event) => {
    event.preventDefault();
    const item = event.target.closest("li");
    if (dragged && item && item !== dragged) {
      if (isBefore(item, event)) item.before(dragged); else item.after(dragged);
      saveOrder(dragged);
    }
  });
  list.addEventListener("dragend", () => {
    clear();
    if (dragged) dragged.classList.remove("dragged");
    dragged = null;
  });
}
