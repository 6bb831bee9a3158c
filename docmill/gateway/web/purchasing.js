// The script of purchasing's pages: sends their forms to the public API as JSON, and adds and removes a request's lines and attachments.
import { asked } from "/web/app.js";

const at = (id) => document.getElementById(id);
const say = (text) => { at("say").textContent = text; };

// the form's named fields, with the button that was pressed
function fieldsOf(form, pressed) {
  const fields = Object.fromEntries(new FormData(form).entries());
  return pressed && pressed.name ? { ...fields, [pressed.name]: pressed.value === "true" } : fields;
}

function requestOf(form) {
  const given = Object.fromEntries([...new FormData(form).entries()].map(([name, value]) => [name, value.trim()]));
  const ids = given.vendor_tax_ids.split(",").map((id) => id.trim()).filter(Boolean);
  const vendor = { name: given.vendor_name, address: given.vendor_address, tax_ids: ids, iban: given.vendor_iban || null };
  const lines = [...at("lines").rows].map((row) => Object.fromEntries(
    [...row.querySelectorAll("input")].filter((input) => input.value.trim()).map((input) => [input.dataset.name, input.value.trim()]),
  ));
  const attachments = [...at("attachments").children].map((one) => one.dataset.document);
  const { currency, buyer, delivery_address, payment_terms, notes } = given;
  return { vendor, currency, buyer, delivery_address, payment_terms, notes, lines, attachments };
}

let busy = false;
async function send(form, pressed) {
  if (busy) return;
  busy = true;
  say("Sending");
  try {
    const body = form.id === "request" ? requestOf(form) : fieldsOf(form, pressed);
    const given = Object.keys(body).length ? { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } } : {};
    const answer = await asked(form.dataset.api, { method: form.dataset.method || "POST", ...given });
    location.assign(form.dataset.then.replace(/\{(\w+)\}/g, (_, name) => answer[name]));
  } catch (error) {
    say(`Not done: ${error.message}`);
    busy = false;
  }
}

for (const form of document.querySelectorAll("form[data-api]")) {
  form.addEventListener("submit", (event) => { event.preventDefault(); send(form, event.submitter); });
  // pressed before this script is there, they would post the form to the page itself
  for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = false;
}

function number() {
  [...at("lines").rows].forEach((row, index) => {
    for (const input of row.querySelectorAll("input")) input.setAttribute("aria-label", `${input.dataset.label}, line ${index + 1}`);
    row.querySelector("button").setAttribute("aria-label", `Remove line ${index + 1}`);
  });
}

async function attach(input) {
  const [file] = input.files;
  if (!file) return;
  const data = new FormData();
  data.append("file", file);
  say(`Uploading ${file.name}`);
  try {
    const { tasks: [task] } = await asked("/api/v1/upload/async/", { method: "POST", body: data });
    const item = document.createElement("li");
    const link = document.createElement("a");
    const button = document.createElement("button");
    item.dataset.document = task.document_id;
    link.href = `/documents/${task.document_id}`;
    link.textContent = file.name;
    Object.assign(button, { type: "button", textContent: "Remove" });
    button.dataset.remove = "";
    button.setAttribute("aria-label", `Remove ${file.name}`);
    item.append(link, " ", button);
    at("attachments").append(item);
    say(`${file.name} is attached`);
    input.value = "";
  } catch (error) {
    say(`Not attached: ${error.message}`);
  }
}

if (at("request")) {
  at("add").addEventListener("click", () => {
    at("lines").append(at("blank").content.cloneNode(true));
    number();
    at("lines").lastElementChild.querySelector("input").focus();
  });
  at("attach").addEventListener("change", (event) => attach(event.target));
  at("request").addEventListener("click", (event) => {
    if (!("remove" in event.target.dataset)) return;
    const row = event.target.closest("tr, li");
    if (row.matches("tr") && at("lines").rows.length === 1) return say("A request has at least one line.");
    const next = (row.nextElementSibling || row.previousElementSibling || {}).querySelector?.("[data-remove]");
    row.remove();
    number();
    (next || (row.matches("tr") ? at("add") : at("attach"))).focus();
    say("Removed");
  });
}
