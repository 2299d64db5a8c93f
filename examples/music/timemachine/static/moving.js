// Shows how far the move to another time zone is, until it is done.
"use strict";

const moving = document.getElementById("zone");
const bar = moving.querySelector("progress");
const done = document.getElementById("zone-done");

async function follow() {
  for (;;) {
    const answer = await fetch(moving.dataset.url, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const state = await answer.json();
      if (state.failed) { location.reload(); return; }
      if (!state.wanted) {
        moving.remove();
        done.textContent = `Done: all times and figures are those of ${state.timezone} now.`;
        return;
      }
      bar.value = state.progress;
    }
    await new Promise((next) => setTimeout(next, 500));
  }
}

follow();
