// Before gradio sees it, a second press is dropped, and an example while a run is on.
let pressed = 0;
document.addEventListener("click", (event) => {
  const button = event.target.closest("#ag-run, [data-example]"), stop = document.querySelector("#ag-stop");
  if (!button) return;
  const again = event.timeStamp - pressed < 700;
  if (again || (stop && !stop.disabled)) { event.stopImmediatePropagation(); event.preventDefault(); }
  else pressed = event.timeStamp;
}, true);
// While a run is on, nothing of the form or the examples can be reached, by keys neither; it keeps its values.
const hold = () => {
  const stop = document.querySelector("#ag-stop"), on = Boolean(stop && !stop.disabled);
  document.querySelectorAll(".ag-held").forEach((place) => {
    if (place.inert === on) return;
    if (on && place.contains(document.activeElement)) stop.focus();
    place.inert = on;
  });
};
new MutationObserver(hold).observe(document.body, {attributes: true, attributeFilter: ["disabled"], subtree: true});
const motion = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");
// A press on a time moves the player of its tab there; on a small screen a run brings its progress into view.
document.addEventListener("click", (event) => {
  if (event.target.closest("#ag-run, [data-example]") && innerWidth < 900) {
    setTimeout(() => document.querySelector(".ag-status.running, .ag-status.stored")?.scrollIntoView({behavior: motion()}), 700);
  }
  const spot = event.target.closest("[data-seek]");
  const video = spot?.closest("[role=tabpanel]")?.querySelector(".ag-player video");
  if (!video) return;
  video.currentTime = Number(spot.dataset.seek) + 0.01;
  video.play().catch(() => {});
  const box = video.getBoundingClientRect();
  if (box.top < 0 || box.bottom > innerHeight) video.scrollIntoView({block: "center", behavior: motion()});
});
// A press on "Copy" puts the text of its figure on the clipboard.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]"), text = button?.closest("figure")?.querySelector("pre");
  if (!text) return;
  try { await navigator.clipboard.writeText(text.textContent); }
  catch { // without https there is no clipboard: the old way, through a selection
    getSelection().selectAllChildren(text);
    document.execCommand("copy");
    getSelection().removeAllRanges();
  }
  const words = button.textContent;
  if (words === button.dataset.copy) return;  // pressed twice
  button.textContent = button.dataset.copy;
  setTimeout(() => { button.textContent = words; }, 1500);
});
