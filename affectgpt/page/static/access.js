// gradio names an empty place but gives it no role, so that a screen reader may not read the name.
const places = () => {
  document.querySelectorAll(".empty[aria-label]:not([role])").forEach((x) => x.setAttribute("role", "img"));
  // it goes on calling the button of the camera "start recording" while it records: its text is its name
  document.querySelector("#ag-clip button[aria-label='start recording']")?.removeAttribute("aria-label");
};
new MutationObserver(places).observe(document.body, {childList: true, subtree: true});
places();
