// Before gradio sees it, a second press is dropped, and an example while a run is on.
let pressed = 0;
document.addEventListener("click", (event) => {
  const button = event.target.closest("#ag-run, [data-example]"), stop = document.querySelector("#ag-stop");
  if (!button) return;
  const again = event.timeStamp - pressed < 700;
  if (again || (stop && !stop.disabled)) { event.stopImmediatePropagation(); event.preventDefault(); }
  else pressed = event.timeStamp;
}, true);
const motion = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");
// A press on a time moves the player of its tab there; on a small screen a run brings its progress into view.
document.addEventListener("click", (event) => {
  if (event.target.closest("#ag-run, [data-example]") && innerWidth < 900) {
    setTimeout(() => document.querySelector(".ag-status.running")?.scrollIntoView({behavior: motion()}), 700);
  }
  const spot = event.target.closest("[data-seek]");
  const video = spot?.closest("[role=tabpanel]")?.querySelector(".ag-player video");
  if (!video) return;
  video.currentTime = Number(spot.dataset.seek) + 0.01;
  video.play().catch(() => {});
  const box = video.getBoundingClientRect();
  if (box.top < 0 || box.bottom > innerHeight) video.scrollIntoView({block: "center", behavior: motion()});
});
