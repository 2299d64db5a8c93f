// Shows the two dates only where a period of one's own is chosen, and sends other choices at once.
const range = document.getElementById("range");
if (range) {
  const custom = range.form.querySelector(".custom");
  range.addEventListener("change", () => {
    custom.hidden = range.value !== "custom";
    if (range.value !== "custom" && range.form.matches(".period")) range.form.requestSubmit();
  });
  range.form.addEventListener("submit", () => {
    // Dates that are not asked for stay out of the address.
    for (const input of custom.querySelectorAll("input")) input.disabled = custom.hidden;
  });
}
