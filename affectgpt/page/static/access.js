// gradio names an empty place but gives it no role, so that a screen reader may not read the name.
const places = () => document.querySelectorAll(".empty[aria-label]:not([role])").forEach((x) => x.setAttribute("role", "img"));
new MutationObserver(places).observe(document.body, {childList: true, subtree: true});
places();
