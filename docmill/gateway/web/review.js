// The review page's script: one task at a time, by keyboard. Everything works by the public API.
const api = "/api/v1/review";
const at = (id) => document.getElementById(id);
const say = (text) => { at("say").textContent = text; };
const SVG = "http://www.w3.org/2000/svg";
const NAMES_NO_FIELD = ["contradiction", "fraud", "problem"];
const NO_VALUE = ["span", "chunk", "match"];

let held = null;  // the task that this page holds, as the server last said
let shown = null;
let busy = false;
const skipped = [];

async function asked(path, body, more = {}) {
  const { csrf } = document.body.dataset;
  const headers = { ...(body ? { "Content-Type": "application/json" } : {}), ...(csrf ? { "X-CSRF-Token": csrf } : {}) };
  const answer = await fetch(api + path, { ...more, headers, ...(body ? { method: "POST", body: JSON.stringify(body) } : {}) });
  if (answer.status === 204) return null;
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail || told.title);
  return told;
}

function frame(box) {
  at("boxes").setAttribute("viewBox", `0 0 ${shown.width_px || 1} ${shown.height_px || 1}`);
  if (!box) return at("boxes").replaceChildren();
  const [x0, y0, x1, y1] = box;
  const rect = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ class: "field", x: x0, y: y0, width: x1 - x0, height: y1 - y0 })) rect.setAttribute(name, value);
  at("boxes").replaceChildren(rect);
}

function show() {
  const { task } = shown;
  at("about").textContent = `${task.subject} ${task.name.replaceAll("_", " ")}`;
  at("reason").textContent = task.reason;
  const sure = task.confidence === null ? "" : `, ${Math.round(task.confidence * 100)} % sure`;
  at("elsewhere").hidden = task.subject !== "match";
  at("elsewhere").href = `/purchasing/receipts/${task.document_id}`;
  at("facts").textContent = `${task.priority}${task.page ? `, page ${task.page}` : ""}${sure}`;
  at("field").value = shown.field || "";
  at("field").disabled = !NAMES_NO_FIELD.includes(task.subject);
  at("value").value = shown.value || shown.text || "";
  at("value").disabled = at("correct").disabled = NO_VALUE.includes(task.subject);
  at("note").value = "";
  at("sheet").hidden = !task.page;
  if (task.page) at("picture").src = `/tasks/${task.job_id}/original/${task.page}.png`;
  frame(task.box);
  at("task").hidden = false;
  at("start").hidden = true;
  (at("value").disabled ? at("accept") : at("value")).focus();
  if (!at("value").disabled) at("value").blur();  // single keys work at once; Tab goes on from here
  if (shown.is_hidden) say("The value is hidden: this document is redacted and you may not see originals.");
}

async function next() {
  held = await asked("/next", {});
  if (held === null) {
    at("task").hidden = true;
    at("start").hidden = false;
    const count = skipped.length;
    await letGo();
    say(count ? `Nothing else is free; the ${count} you skipped are free again.` : "Nothing is free to review.");
    at("start").focus();
    return;
  }
  shown = await asked(`/tasks/${held.task_id}`);
  show();
}

async function letGo() {
  for (const id of skipped.splice(0)) await asked(`/tasks/${id}/release`, {}).catch(() => {});
}

// one step at a time: a key pressed twice must not decide the next task unseen
async function step(work) {
  if (busy) return;
  busy = true;
  try {
    await work();
  } catch (error) {
    say(`Not done: ${error.message}`);
  }
  busy = false;
}

const decide = (verdict, more = {}) => step(async () => {
  if (!held) return;
  const body = { verdict, version: held.version, note: at("note").value, ...more };
  const made = await asked(`/tasks/${held.task_id}/decide`, body);
  say(`${made.verdict}${made.is_final ? "" : "; a second person must decide"}`);
  await next();
});

const accept = () => decide("accepted");
const reject = () => decide("rejected");
const correct = () => decide("corrected", { value: at("value").value, field: at("field").value || null });
const skip = () => step(async () => {
  if (!held) return;
  skipped.push(held.task_id);
  say("skipped");
  await next();
});
const edit = () => { if (!at("value").disabled) { at("value").focus(); at("value").select(); } };

const KEYS = { a: accept, x: reject, n: skip, e: edit };

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches("input:not([type=checkbox])");
  if (event.key === "Escape" && isTyping) event.target.blur();
  if (isTyping || !held || !at("keys").checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const work = KEYS[event.key];
  if (!work) return;
  event.preventDefault();
  work();
});
at("start").addEventListener("click", () => step(next));
at("accept").addEventListener("click", accept);
at("reject").addEventListener("click", reject);
at("skip").addEventListener("click", skip);
at("decide").addEventListener("submit", (event) => { event.preventDefault(); correct(); });
at("picture").addEventListener("error", () => { at("sheet").hidden = true; });
window.addEventListener("pagehide", () => {
  for (const id of [...skipped, ...(held ? [held.task_id] : [])]) asked(`/tasks/${id}/release`, {}, { keepalive: true }).catch(() => {});
});
at("start").focus();
