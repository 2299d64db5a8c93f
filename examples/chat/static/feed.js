// The list of rooms, kept up to date by the feed: who is there, what was said last, new rooms.

const list = document.querySelector("[data-feed]");
const feed = new EventSource(list.dataset.feed);

function find(slug) {
  return list.querySelector(`[data-room="${CSS.escape(slug)}"]`);
}

function on(type, show) {
  feed.addEventListener(type, (event) => {
    const news = JSON.parse(event.data);
    const card = find(news.room);
    if (card || type === "room") show(news, card);
  });
}

on("present", ({ names }, card) => {
  card.querySelector(".count").dataset.count = names.length;
  card.querySelector(".names").textContent = names.length === 0 ? "nobody here" : names.length < 3 ? names.join(" and ") : `${names.length} people`;
});

on("message", ({ author, text }, card) => {
  const name = document.createElement("b");
  name.textContent = author;
  card.querySelector(".last").replaceChildren(name, ` ${text}`);
});

on("room", ({ room, title }, card) => {
  if (card) return;
  const item = document.getElementById("room").content.firstElementChild.cloneNode(true);
  item.dataset.room = room;
  item.querySelector("a").href = `/rooms/${encodeURIComponent(room)}`;
  item.querySelector(".title").textContent = title;
  list.append(item);
});

feed.addEventListener("open", () => (list.dataset.state = "open"));
feed.addEventListener("error", () => (list.dataset.state = "broken"));
