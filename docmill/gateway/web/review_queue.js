// The list of open tasks: many are accepted, rejected or assigned together, for one reason. Everything works by the public API.
import { asked, at, openCount, say, step } from "./review.js";

const SHOWN = 100;

function row(task) {
  const line = document.createElement("tr");
  const check = document.createElement("input");
  check.type = "checkbox";
  check.value = task.task_id;
  check.setAttribute("aria-label", `Check ${task.subject} ${task.name}`);
  const who = task.assigned_to ? `${task.assigned_to}${task.state === "claimed" ? " works on it" : ""}` : task.state === "escalated" ? "escalated" : "";
  const sure = task.confidence === null ? "" : `${Math.round(task.confidence * 100)} %`;
  const about = `${task.subject} ${task.name.replaceAll("_", " ")}`;
  const paper = document.createElement("a");
  paper.href = `/tasks/${task.job_id}`;
  paper.textContent = task.document_id.slice(0, 8);
  const due = task.due_at.slice(0, 16).replace("T", " ");
  const cells = [check, about, paper, task.reason, task.priority, task.page ?? "", sure, who, due];
  line.append(...cells.map((cell) => { const made = document.createElement("td"); made.append(cell); return made; }));
  if (task.due_at < new Date().toISOString()) line.lastChild.className = "failed";
  return line;
}

async function list() {
  const subject = at("about-what").value;
  const found = await asked(`/tasks?limit=${SHOWN}${subject ? `&subject=${subject}` : ""}`);
  at("open").querySelector("tbody").replaceChildren(...found.tasks.map(row));
  at("open").hidden = at("many").hidden = !found.tasks.length && !subject;
  at("all").checked = false;
  return openCount(found.by_state);
}

const checked = () => [...at("open").querySelectorAll("tbody input:checked")].map((one) => one.value);

const decideMany = (verdict) => step(async () => {
  const ids = checked();
  if (!ids.length) throw new Error("check some tasks first");
  if (!at("why").value.trim()) throw new Error("deciding many tasks at once asks for a reason");
  const told = await asked("/decide", { task_ids: ids, verdict, note: at("why").value });
  const why = told.refused.length ? `; ${told.refused.length} not: ${told.refused[0].message}` : "";
  const left = await list();
  say(`${told.decided.length} ${verdict}${why}; ${left} open`);
});

const spreadMany = () => step(async () => {
  const ids = checked();
  if (!ids.length) throw new Error("check some tasks first");
  for (const id of ids) await asked(`/tasks/${id}/assign`, { by_workload: true });
  await list();
  say(`${ids.length} assigned`);
});

at("many").addEventListener("submit", (event) => { event.preventDefault(); decideMany("accepted"); });
at("reject-many").addEventListener("click", () => decideMany("rejected"));
at("spread-many").addEventListener("click", spreadMany);
at("about-what").addEventListener("change", () => list().catch((error) => say(`Not done: ${error.message}`)));
at("all").addEventListener("change", () => {
  for (const one of at("open").querySelectorAll("tbody input")) one.checked = at("all").checked;
});
document.addEventListener("review:queue", () => list().catch((error) => say(`Not done: ${error.message}`)));
list().catch((error) => say(`Not done: ${error.message}`));
