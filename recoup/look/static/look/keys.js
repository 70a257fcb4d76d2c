// The keyboard: / search, j and k up and down a list, Enter opens, ? shows the keys, g + letter goes.
const help = document.getElementById("keys");
const typing = (element) => element.closest("input, textarea, select, [contenteditable]");
let going = false;

function rows() {
  return [...document.querySelectorAll("table[data-keys] tbody tr")];
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const now = all.findIndex((row) => row.classList.contains("at"));
  const next = Math.min(Math.max(now + step, 0), all.length - 1);
  all.forEach((row) => row.classList.remove("at"));
  all[next].classList.add("at");
  all[next].scrollIntoView({ block: "nearest" });
  all[next].querySelector("a")?.focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (going) {
    going = false;
    const entry = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (entry) { event.preventDefault(); window.location.assign(entry.href); }
    return;
  }
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "g") going = true;
  else if (event.key === "/") { event.preventDefault(); document.querySelector("[data-find]")?.focus(); }
  else if (event.key === "?") { event.preventDefault(); help?.showModal(); }
});

document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  if (event.target.closest("[data-print]")) window.print();
});

// A form is sent once: the button rests until the answer is there (the server makes sure as well).
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) { event.preventDefault(); return; }
  if (event.target.method === "post") {
    setTimeout(() => event.target.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = true; }), 0);
  }
});
window.addEventListener("pageshow", () => document.querySelectorAll("form button[disabled]").forEach((button) => { button.disabled = false; }));
