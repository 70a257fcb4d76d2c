// Draws every chart on the page from the JSON that stands beside it, and again when it is swapped in.
const CALM = ["#0f5b5f", "#c98a1b", "#3f7fb5", "#8b5d9b", "#5b8c3e", "#b4533c", "#6b7775"];

function number(value) {
  return typeof value === "number" ? value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2 }) : value;
}

function draw(holder) {
  const source = document.getElementById(holder.dataset.chart);
  if (!source || !window.echarts) return;
  const option = JSON.parse(source.textContent);
  const style = getComputedStyle(document.body);
  const chart = echarts.getInstanceByDom(holder) || echarts.init(holder, null, { renderer: "svg" });
  // richText needs no inline style, so the page keeps its strict policy.
  chart.setOption({
    color: CALM, animation: false, aria: { enabled: true },
    textStyle: { fontFamily: style.fontFamily, fontSize: 12, color: "#4d5957" },
    grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
    ...option,
    tooltip: { trigger: "axis", valueFormatter: number, ...option.tooltip, renderMode: "richText", confine: true },
  }, true);
  if (holder.dataset.links) {
    const links = JSON.parse(document.getElementById(holder.dataset.links).textContent);
    chart.on("click", (point) => { const to = links[point.name]; if (to) window.location.assign(to); });
  }
}

function drawAll(root) {
  root.querySelectorAll("[data-chart]").forEach(draw);
}

drawAll(document);
document.addEventListener("htmx:after:swap", () => drawAll(document));
window.addEventListener("resize", () => {
  document.querySelectorAll("[data-chart]").forEach((holder) => echarts.getInstanceByDom(holder)?.resize());
});
