// Listens to the journal and says that what is on the screen has changed; nothing moves by itself
// under a person's hands. The server decides what may pass; the browser resumes by position.
const banner = document.getElementById("live");

if (banner && window.EventSource) {
  const text = banner.querySelector("[data-live-text]");
  const many = banner.dataset.many;
  const only = banner.dataset.case;
  const kinds = banner.dataset.kinds ? banner.dataset.kinds.split(" ") : [];
  const source = new EventSource(`${banner.dataset.stream}?after=${banner.dataset.after}`);
  let count = 0;

  source.addEventListener("journal", (message) => {
    const event = JSON.parse(message.data);
    if (only && String(event.case) !== only) return;
    if (kinds.length && !kinds.some((kind) => event.kind.startsWith(kind))) return;
    count += 1;
    text.textContent = count === 1 && event.text ? event.text : many.replace("%s", count);
    banner.hidden = false;
    const row = event.case && document.querySelector(`[data-case-row="${event.case}"]`);
    if (row) row.dataset.changed = "yes";
  });
  window.addEventListener("pagehide", () => source.close());
}
