// The time line is a slider of the player in its tab: a press, a drag or an arrow key moves the clip.
const STEP_S = 0.2, LEAP_S = 1, MAX_WORDS = 80;
const videoOf = (spot) => spot.closest("[role=tabpanel], body")?.querySelector(".ag-player video");
const lengthOf = (line) => Number(line.getAttribute("aria-valuemax")) || 1;
const shareAt = (line, event) => {
  const box = line.querySelector(".ag-tl-over").getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - box.left) / (box.width || 1)));
};
const showTime = (line, time) => {
  line.style.setProperty("--at", Math.min(1, time / lengthOf(line)));
  line.setAttribute("aria-valuenow", time.toFixed(1));
  line.setAttribute("aria-valuetext", line.dataset.second.replace("#", time.toFixed(1)));
};
const moveTo = (line, time) => {
  const video = videoOf(line);
  time = Math.min(lengthOf(line), Math.max(0, time));
  if (video) video.currentTime = time;
  showTime(line, time);
};
const follow = (event) => {
  const video = event.target;
  if (!video.matches?.(".ag-player video")) return;
  video.closest("[role=tabpanel], body").querySelectorAll(".ag-tl").forEach((line) => showTime(line, video.currentTime));
};
const run = (event) => {  // between two "timeupdate" there is a quarter of a second
  follow(event);
  if (event.target.isConnected && !event.target.paused) requestAnimationFrame(() => run(event));
};
for (const name of ["timeupdate", "seeked", "loadeddata"]) document.addEventListener(name, follow, true);
document.addEventListener("playing", run, true);

// What was measured at the moment under the mouse.
const factsAt = (line, time) => [...line.querySelectorAll("[data-values]")].map((curve) => {
  const values = curve.dataset.values.split(","), from = Number(curve.dataset.from), to = Number(curve.dataset.to);
  const at = Math.round((time - from) / ((to - from) || 1) * (values.length - 1));
  const value = values[Math.min(values.length - 1, Math.max(0, at))];
  return value && `${curve.dataset.name} ${value} ${curve.dataset.unit}`;
}).concat([...line.querySelectorAll(".ag-tl-cue")].filter(
  (cue) => Number(cue.dataset.seek) <= time && time < Number(cue.dataset.until)
).map((cue) => `“${cue.textContent.slice(0, MAX_WORDS)}”`)).filter(Boolean);
document.addEventListener("pointermove", (event) => {
  const line = event.target.closest?.(".ag-tl");
  if (!line) return;
  const look = shareAt(line, event), time = look * lengthOf(line), tip = line.querySelector(".ag-tl-tip");
  line.style.setProperty("--look", look);
  tip.hidden = event.pointerType !== "mouse";
  tip.textContent = [line.dataset.second.replace("#", time.toFixed(1)), ...factsAt(line, time)].join(" · ");
  if (event.pointerType === "mouse" && event.buttons === 1) moveTo(line, time);
});
document.addEventListener("pointerout", (event) => {
  const line = event.target.closest?.(".ag-tl");
  if (line && !line.contains(event.relatedTarget)) line.querySelector(".ag-tl-tip").hidden = true;
});

// A mark leads to the clue of the same tab, also to one that is folded away.
const goTo = (mark) => {
  const clue = mark.closest("[role=tabpanel], body").querySelector(`[data-clue="${CSS.escape(mark.dataset.goto)}"]`);
  if (!clue) return false;
  for (let fold = clue.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  clue.scrollIntoView({block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth"});
  clue.focus({preventScroll: true});
  return true;
};
document.addEventListener("click", (event) => {
  const mark = event.target.closest("a[data-goto]");
  if (mark && goTo(mark)) event.preventDefault();
  const line = event.target.closest(".ag-tl");
  if (line && !event.target.closest("[data-seek]")) moveTo(line, shareAt(line, event) * lengthOf(line));
});
document.addEventListener("keydown", (event) => {
  const line = event.target;
  if (!line.matches?.(".ag-tl") || event.altKey || event.ctrlKey || event.metaKey) return;
  const now = Number(line.getAttribute("aria-valuenow")), video = videoOf(line);
  const ways = {
    ArrowLeft: now - STEP_S, ArrowDown: now - STEP_S, ArrowRight: now + STEP_S, ArrowUp: now + STEP_S,
    PageDown: now - LEAP_S, PageUp: now + LEAP_S, Home: 0, End: lengthOf(line),
  };
  if (event.key in ways) moveTo(line, ways[event.key]);
  else if ((event.key === " " || event.key === "Enter") && video) video.paused ? video.play().catch(() => {}) : video.pause();
  else return;
  event.preventDefault();
});

// On a small screen what is secondary comes folded; what a visitor has opened or folded stays so.
const chosen = {};
document.addEventListener("click", (event) => {
  const fold = event.target.closest("summary")?.parentElement;
  if (fold?.matches(".ag-fold")) chosen[fold.dataset.fold] = !fold.open;
});
const foldAway = (place) => {
  if (place.nodeType !== Node.ELEMENT_NODE) return;
  for (const fold of [place, ...place.querySelectorAll(".ag-fold")]) {
    if (fold.matches(".ag-fold")) fold.open = chosen[fold.dataset.fold] ?? innerWidth > 640;
  }
};
new MutationObserver((changes) => {
  for (const change of changes) change.addedNodes.forEach(foldAway);
}).observe(document.body, {childList: true, subtree: true});
