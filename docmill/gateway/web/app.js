// The page's script: uploads by drop or form, and keeps what the server rendered up to date. Everything works by the public API.
const POLL_MS = 2000;
const api = "/api/v1/upload";
const say = (text) => { document.getElementById("say").textContent = text; };

export async function asked(url, options = {}) {
  const { csrf } = document.body.dataset;
  const answer = await fetch(url, csrf ? { ...options, headers: { ...options.headers, "X-CSRF-Token": csrf } } : options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail || body.title);
  return body;
}

function cell(row, child) {
  const made = document.createElement("td");
  made.append(child);
  row.append(made);
  return made;
}

function rowOf(task) {
  const row = document.createElement("tr");
  const link = document.createElement("a");
  link.href = `/tasks/${task.task_id}`;
  link.textContent = task.name;
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.value = task.progress;
  bar.setAttribute("aria-label", `Progress of ${task.name}`);
  cell(row, link);
  cell(row, task.outcome).className = task.status === "failed" ? "failed" : "";
  cell(row, bar).append(` ${task.message}`);
  cell(row, task.kind || "");
  cell(row, task.accepted_at.slice(0, 19).replace("T", " "));
  return row;
}

// the filters of the page; empty parts would be refused
const live = () => document.body.dataset.live;

async function showTasks() {
  const focused = document.activeElement && document.activeElement.getAttribute("href");
  const { tasks } = await asked(`${api}/tasks/?${live()}`);
  const rows = document.getElementById("rows");
  rows.replaceChildren(...tasks.map(rowOf));
  if (focused) {
    const again = [...rows.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused);
    if (again) again.focus();
  }
  return tasks.some((task) => task.status === "pending" || task.status === "processing");
}

let watching = false;
async function watchTasks() {
  if (watching) return;
  watching = true;
  try {
    while (await showTasks()) await new Promise((go) => setTimeout(go, POLL_MS));
  } catch (error) {
    say(`The gateway does not answer: ${error.message}`);
  }
  watching = false;
}

async function upload(form, files) {
  const data = new FormData(form);
  data.delete("file");
  for (const file of files) data.append("file", file);
  say(`Uploading ${files.length} ${files.length === 1 ? "file" : "files"}`);
  try {
    const answer = await asked(form.action, { method: "POST", body: data });
    say(`${answer.tasks.length} accepted`);
    form.reset();
    await watchTasks();
  } catch (error) {
    say(`Not accepted: ${error.message}`);
  }
}

function startHome() {
  const form = document.getElementById("upload");
  const drop = document.getElementById("drop");
  const input = document.getElementById("file");
  form.addEventListener("submit", (event) => { event.preventDefault(); upload(form, [...input.files]); });
  for (const name of ["dragover", "dragenter"]) drop.addEventListener(name, (e) => { e.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); upload(form, [...event.dataTransfer.files]); });
  if (live()) watchTasks();
}

function showTask(task) {
  document.getElementById("outcome").textContent = task.outcome;
  document.getElementById("message").textContent = task.message;
  document.getElementById("bar").value = task.progress;
  const isOver = task.status === "completed" || task.status === "failed";
  if (isOver) location.reload();
  return isOver;
}

async function pollTask(id) {
  while (!showTask(await asked(`${api}/status/${id}/`))) await new Promise((go) => setTimeout(go, POLL_MS));
}

function watchTask(id) {
  const events = new EventSource(`${api}/${id}/events/`);
  let hasHeard = false;
  events.addEventListener("progress", (event) => { hasHeard = true; showTask(JSON.parse(event.data)); });
  events.addEventListener("end", () => events.close());
  events.addEventListener("error", () => {
    if (hasHeard && events.readyState !== EventSource.CLOSED) return;  // it connects again by itself
    events.close();
    pollTask(id).catch((error) => say(error.message));
  });
}

function startTask() {
  const { task, status } = document.body.dataset;
  for (const button of document.querySelectorAll("button[data-ask]")) {
    button.addEventListener("click", async () => {
      try {
        const answer = await asked(`${api}/${task}/${button.dataset.ask}/`, { method: "POST" });
        location.href = `/tasks/${answer.task_id}`;
      } catch (error) {
        say(error.message);
      }
    });
  }
  if (status === "pending" || status === "processing") watchTask(task);
}

if (document.body.dataset.page === "home") startHome();
if (document.body.dataset.page === "task") startTask();
