// One room: sends and shows messages, shows who is there, and comes back when the line breaks.

const room = document.querySelector(".room");
const messages = document.getElementById("messages");
const scroll = document.getElementById("scroll");
const line = document.getElementById("line");
const form = document.getElementById("say");
const text = document.getElementById("text");
const refused = document.getElementById("refused");

let socket;
let pause = 500; // milliseconds until the next try, doubled each time it fails
let waiting = []; // what was said while there was no line

function connect() {
  const last = messages.lastElementChild?.dataset.id ?? 0;
  const address = new URL(room.dataset.live, location);
  address.protocol = location.protocol.replace("http", "ws");
  address.searchParams.set("after", last);
  socket = new WebSocket(address);
  socket.addEventListener("open", () => {
    pause = 500;
    say("open", "connected");
    for (const said of waiting.splice(0)) send(said);
  });
  socket.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    ({ message: showMessage, present: showPeople, refused: showRefusal })[news.type](news);
  });
  socket.addEventListener("close", () => {
    say("broken", "connection lost, trying again");
    setTimeout(connect, pause);
    pause = Math.min(pause * 2, 10_000);
  });
}

function say(state, words) {
  line.dataset.state = state;
  line.textContent = words;
}

function send(said) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ text: said }));
  else waiting.push(said);
}

function fill(avatar, name, tone) {
  avatar.className = `avatar tone-${tone}`;
  avatar.textContent = name[0].toUpperCase();
}

function showMessage({ id, author, text: said, tone, sent_at }) {
  if (messages.querySelector(`[data-id="${id}"]`)) return;
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const item = document.getElementById("message").content.firstElementChild.cloneNode(true);
  Object.assign(item.dataset, { id, author });
  item.classList.toggle("mine", author === room.dataset.me);
  fill(item.querySelector(".avatar"), author, tone);
  item.querySelector(".author").textContent = author;
  item.querySelector(".text").textContent = said;
  item.querySelector("time").dateTime = sent_at;
  messages.append(item);
  inOwnTime(item.querySelector("time"));
  follow(item);
  document.getElementById("empty").hidden = true;
  if (atEnd || author === room.dataset.me) scroll.scrollTop = scroll.scrollHeight;
}

function showPeople({ names }) {
  const items = names.map((name) => {
    const item = document.getElementById("person").content.firstElementChild.cloneNode(true);
    fill(item.querySelector(".avatar"), name, toneOf(name));
    item.querySelector(".name").textContent = name === room.dataset.me ? `${name} (you)` : name;
    return item;
  });
  document.getElementById("people").replaceChildren(...items);
}

function toneOf(name) {
  // As store.py has it; names are ASCII.
  return [...name.toLowerCase()].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 6;
}

function showRefusal({ why }) {
  refused.textContent = why;
}

function inOwnTime(time) {
  const at = new Date(time.dateTime);
  time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  time.title = at.toLocaleString();
}

function follow(item) {
  // Who goes on talking is not named again.
  const before = item.previousElementSibling;
  item.classList.toggle("follows", before?.dataset.author === item.dataset.author);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  refused.textContent = "";
  if (text.value.trim()) send(text.value);
  text.value = "";
  text.focus();
});

text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

for (const item of messages.children) {
  inOwnTime(item.querySelector("time"));
  follow(item);
}
scroll.scrollTop = scroll.scrollHeight;
connect();
