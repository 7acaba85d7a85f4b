// The notebook's frame viewer: a picture with an overlay, a time line under it. Python sends one picture at a time.
const BLUE = "#56b4e9", ORANGE = "#e69f00", WHITE = "#ffffff", DARK = "#14161a";

function drawOverlay(canvas, image, overlay) {
  const [width, height] = overlay.size || [640, 480];
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0, width, height);
  pen.font = "13px system-ui, sans-serif";
  for (const rule of overlay.rules || []) {
    pen.strokeStyle = BLUE;
    pen.lineWidth = 2;
    pen.beginPath();
    rule.points.forEach(([x, y], n) => (n ? pen.lineTo(x * width, y * height) : pen.moveTo(x * width, y * height)));
    if (rule.closed) pen.closePath();
    pen.stroke();
    if (rule.points.length) label(pen, rule.id, rule.points[0][0] * width, rule.points[0][1] * height, BLUE, width);
  }
  for (const target of overlay.targets || []) {
    const [x, y, w, h] = target.box;
    pen.strokeStyle = WHITE;
    pen.lineWidth = 2;
    pen.strokeRect(x * width, y * height, w * width, h * height);
    label(pen, target.label, x * width, y * height, WHITE, width);
  }
}

function label(pen, text, x, y, colour, width) {
  const wide = pen.measureText(text).width + 8;
  const left = Math.max(0, Math.min(x, width - wide));
  const top = Math.max(0, y - 18);
  pen.fillStyle = DARK;
  pen.fillRect(left, top, wide, 17);
  pen.fillStyle = colour;
  pen.fillText(text, left + 4, top + 13);
}

function drawLine(strip, line, count, index) {
  strip.width = strip.clientWidth || 640;
  strip.height = 34;
  const pen = strip.getContext("2d");
  const at = (n) => (count > 1 ? (n / (count - 1)) * (strip.width - 4) + 2 : 2);
  pen.fillStyle = "#dfe3e8";
  pen.fillRect(0, 14, strip.width, 6);
  pen.fillStyle = BLUE;
  for (const n of line.seen || []) pen.fillRect(at(n) - 1, 12, 2, 10);
  pen.fillStyle = ORANGE;
  for (const alarm of line.alarms || []) pen.fillRect(at(alarm.index) - 2, 4, 4, 26);
  pen.fillStyle = DARK;
  pen.fillRect(at(index) - 1, 0, 2, 34);
}

function render({ model, el }) {
  el.innerHTML = "";
  const box = document.createElement("div");
  box.tabIndex = 0;
  box.style.maxWidth = "640px";
  const canvas = document.createElement("canvas");
  canvas.style.width = "100%";
  const strip = document.createElement("canvas");
  strip.style.cssText = "width:100%;height:34px;cursor:pointer";
  const slider = document.createElement("input");
  slider.type = "range";
  slider.min = 0;
  slider.style.width = "calc(100% - 4rem)";
  const play = document.createElement("button");
  play.textContent = "▶";
  const words = document.createElement("div");
  words.style.cssText = "font:13px system-ui,sans-serif;opacity:.8;white-space:pre-wrap";
  box.append(canvas, strip, play, slider, words);
  el.append(box);
  const image = new Image();
  let timer = null;

  const go = (n) => {
    model.set("index", Math.max(0, Math.min(model.get("count") - 1, Math.round(n))));
    model.save_changes();
  };
  const redraw = () => {
    const index = model.get("index");
    slider.max = model.get("count") - 1;
    slider.value = index;
    const here = (model.get("line").alarms || []).filter((a) => a.index === index);
    const alarm = here.length ? "   ALARM " + here.map((a) => `${a.rule} (${a.target})`).join(", ") : "";
    words.textContent = (model.get("overlay").words || "") + alarm;
    if (image.complete && image.naturalWidth) drawOverlay(canvas, image, model.get("overlay"));
    drawLine(strip, model.get("line"), model.get("count"), index);
  };
  const toggle = () => {
    if (timer) {
      clearInterval(timer);
      timer = null;
    } else {
      timer = setInterval(() => go((model.get("index") + 1) % model.get("count")), 110);
    }
    play.textContent = timer ? "❚❚" : "▶";
  };
  image.onload = redraw;
  slider.oninput = () => go(Number(slider.value));
  strip.onclick = (e) => go((e.offsetX / strip.clientWidth) * (model.get("count") - 1));
  play.onclick = toggle;
  box.onkeydown = (e) => {
    if (e.target === slider && e.key.startsWith("Arrow")) return;
    const next = (model.get("line").alarms || []).map((a) => a.index).find((n) => n > model.get("index"));
    if (e.key === "ArrowRight") go(model.get("index") + 1);
    else if (e.key === "ArrowLeft") go(model.get("index") - 1);
    else if (e.key === " ") toggle();
    else if (e.key === "n" && next !== undefined) go(next);
    else return;
    e.preventDefault();
  };
  const load = () => (image.src = model.get("picture"));
  model.on("change:picture", load);
  model.on("change:index", redraw);
  load();
  redraw();
  return () => {
    clearInterval(timer);
    model.off("change:picture", load);
    model.off("change:index", redraw);
  };
}

export default { render };
