// The review page's script: one task at a time, by keyboard. Everything works by the public API. The list of tasks is in review_queue.js.
const api = "/api/v1/review";
export const at = (id) => document.getElementById(id);
export const say = (text) => { at("say").textContent = text; };
const NAMES_NO_FIELD = ["contradiction", "fraud", "problem"];
const NO_VALUE = ["span", "match"];
const VALUE_COLUMNS = 48;
const LEAST_SHARE = 0.6;  // of the page's width that the close-up shows

let held = null;  // the task that this page holds, as the server last said
let shown = null;
let busy = false;
const skipped = [];

export async function asked(path, body, more = {}) {
  const { csrf } = document.body.dataset;
  const headers = { ...(body ? { "Content-Type": "application/json" } : {}), ...(csrf ? { "X-CSRF-Token": csrf } : {}) };
  const answer = await fetch(api + path, { ...more, headers, ...(body ? { method: "POST", body: JSON.stringify(body) } : {}) });
  if (answer.status === 204) return null;
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail || told.title);
  return told;
}

export const openCount = (byState) => ["pending", "claimed", "escalated"].reduce((sum, state) => sum + (byState[state] || 0), 0);

function place(rect, box) {
  if (!box) return rect.setAttribute("width", 0);
  const [x0, y0, x1, y1] = box;
  for (const [name, value] of Object.entries({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 })) rect.setAttribute(name, value);
}

function frame(box) {
  at("boxes").setAttribute("viewBox", `0 0 ${shown.width_px || 1} ${shown.height_px || 1}`);
  at("boxes").replaceChildren();
  at("close").toggleAttribute("hidden", !box);
  if (!box) return;
  const rect = at("close").querySelector("rect");
  place(rect, box);
  at("boxes").append(rect.cloneNode());
  // the place with some lines around it, from the same picture: so nobody has to scroll for it
  const [x0, y0, x1, y1] = box;
  const width = Math.min(shown.width_px, Math.max((x1 - x0) * 1.6, shown.width_px * LEAST_SHARE));
  const height = Math.max((y1 - y0) * 1.6, width / 6);
  const left = Math.min(Math.max(0, (x0 + x1 - width) / 2), shown.width_px - width);
  at("close").setAttribute("viewBox", `${left} ${(y0 + y1 - height) / 2} ${width} ${height}`);
  at("closeup").setAttribute("width", shown.width_px);
  at("closeup").setAttribute("height", shown.height_px);
  at("closeup").setAttribute("href", at("picture").src);
}

function show() {
  const { task } = shown;
  at("about").textContent = `${task.subject} ${task.name.replaceAll("_", " ")}`;
  at("reason").textContent = task.reason;
  const sure = task.confidence === null ? "" : `, ${Math.round(task.confidence * 100)} % sure`;
  at("elsewhere").hidden = task.subject !== "match";
  at("elsewhere").href = `/purchasing/receipts/${task.document_id}`;
  const eyes = task.eyes > 1 ? `, opinion ${task.opinions + 1} of ${task.eyes}` : "";
  at("facts").textContent = `(${task.priority}${task.page ? `, page ${task.page}` : ""}${sure}${eyes})`;
  at("paper").href = `/tasks/${task.job_id}`;
  at("paper").textContent = `document ${task.document_id.slice(0, 8)}`;
  at("field").value = shown.field || "";
  at("of-field").hidden = !NAMES_NO_FIELD.includes(task.subject);
  at("field").disabled = at("of-field").hidden;
  at("value").value = shown.value || shown.text || "";
  at("value").rows = Math.min(8, Math.ceil((at("value").value.length || 1) / (VALUE_COLUMNS - 4)));  // nothing to read behind a scroll bar
  at("value").disabled = at("correct").disabled = NO_VALUE.includes(task.subject);
  at("note").value = at("missed").value = "";
  at("mark").hidden = shown.is_hidden;
  at("sheet").hidden = !task.page;
  if (task.page) at("picture").src = `/tasks/${task.job_id}/original/${task.page}.png`;
  frame(task.box);
  at("task").hidden = false;
  at("queue").hidden = true;
  (at("value").disabled ? at("accept") : at("value")).focus();
  if (!at("value").disabled) at("value").blur();  // single keys work at once; Tab goes on from here
  if (shown.is_hidden) say("The value is hidden: this document is redacted and you may not see originals.");
}

function back(text) {
  held = null;
  at("task").hidden = true;
  at("queue").hidden = false;
  say(text);
  document.dispatchEvent(new Event("review:queue"));
  at("start").focus();
}

async function next() {
  held = await asked("/next", {});
  if (held === null) {
    const count = skipped.length;
    await letGo();
    back(count ? `Nothing else is free; the ${count} you skipped are free again.` : "Nothing is free to review.");
    return;
  }
  shown = await asked(`/tasks/${held.task_id}`);
  show();
}

async function letGo() {
  for (const id of skipped.splice(0)) await asked(`/tasks/${id}/release`, {}).catch(() => {});
}

// one step at a time: a key pressed twice must not decide the next task unseen
export async function step(work) {
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
  const { by_state: states } = await asked("/tasks?limit=1");
  say(`${made.verdict}${made.is_final ? "" : "; a second person must decide"}; ${openCount(states)} open`);
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
const leave = () => step(async () => {
  if (!held) return;
  skipped.push(held.task_id);
  await letGo();
  back("You hold no task.");
});
const edit = () => { if (!at("value").disabled) { at("value").focus(); at("value").select(); } };
const hide = () => { if (!at("mark").hidden) at("missed").focus(); };
const mark = () => step(async () => {
  if (!held || !at("missed").value.trim()) return;
  const body = { type: at("entity").value, text: at("missed").value, note: at("note").value };
  const made = await asked(`/documents/${held.document_id}/marks`, body);
  at("missed").value = "";
  say(`It will be hidden at ${made.length} place(s) and wherever else it stands.`);
  at("accept").focus();
});

const KEYS = { a: accept, x: reject, n: skip, e: edit, h: hide, q: leave };

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches("input:not([type=checkbox]), textarea, select");
  if (event.key === "Escape" && isTyping) event.target.blur();
  if (event.key === "Enter" && event.target === at("value")) {
    event.preventDefault();
    correct();
  }
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
at("leave").addEventListener("click", leave);
at("decide").addEventListener("submit", (event) => { event.preventDefault(); correct(); });
at("mark").addEventListener("submit", (event) => { event.preventDefault(); mark(); });
at("picture").addEventListener("error", () => { at("sheet").hidden = true; at("close").setAttribute("hidden", ""); });
window.addEventListener("pagehide", () => {
  for (const id of [...skipped, ...(held ? [held.task_id] : [])]) asked(`/tasks/${id}/release`, {}, { keepalive: true }).catch(() => {});
});
at("start").focus();
