// The control page: polls the state, redraws panels that changed, and submits the forms.
import { drawClock, drawEnd, drawEvents, drawFaults, drawPeople, drawQueue, drawWebhooks } from "./control-panels.js";
import { action, afterEachAction, call, toast } from "./control-actions.js";

const POLL_MS = 1500;
const drawn = new Map();

// Redraws a panel only if its data changed; keeps the focus and opened details.
function redraw(name, shown, draw) {
  const panel = document.querySelector(`[data-part="${name}"]`) || document.getElementById(name);
  const now = JSON.stringify(shown);
  if (drawn.get(name) === now) return;
  drawn.set(name, now);
  const focused = panel.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const open = new Set([...panel.querySelectorAll("details[open]")].map((details) => details.dataset.key));
  panel.replaceChildren(...draw(shown));
  for (const details of panel.querySelectorAll("details")) details.open = open.has(details.dataset.key);
  if (focused) panel.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

async function refresh() {
  const offline = document.getElementById("offline");
  try {
    const [state, events] = await Promise.all([call("GET", "/state"), call("GET", "/events?limit=60")]);
    offline.hidden = true;
    redraw("clock", state.now.slice(0, 16), drawClock);
    redraw("people", { now: state.now.slice(0, 16), items: state.items }, drawPeople);
    redraw("queue", { held: state.held, waiting: state.waiting }, drawQueue);
    redraw("webhooks", state.webhooks, drawWebhooks);
    redraw("events", events.results.reverse(), drawEvents);
    redraw("faults", { faults: state.faults, deliveryFaults: state.deliveryFaults, chaos: state.chaos }, drawFaults);
    offerItems(state.items);
    redraw("end", 0, drawEnd);
  } catch {
    offline.hidden = false;
  }
}

const fields = (form) => Object.fromEntries(new FormData(form));
const timesOf = (values) => (values.times === "" ? null : Number(values.times));

// A value that is no JSON is taken as a text.
function jsonOrText(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function listen(id, path, body, done) {
  const form = document.getElementById(id);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    action("POST", path, body(fields(form)), done)();
  });
  return form;
}

async function offerKinds(id, path) {
  const { kinds } = await call("GET", path);
  document.getElementById(id).elements.kind.replaceChildren(...kinds.map((kind) => new Option(kind)));
}

// Offers the bundled worlds, one entry for each of their steps, and the cases of banks' words.
async function offerExamples() {
  const [worlds, words] = await Promise.all([call("GET", "/world"), call("GET", "/words")]);
  const entries = worlds.results.flatMap(({ name, steps }) => Array.from({ length: steps }, (_, index) =>
    new Option(steps > 1 ? `${name}, step ${index + 1}` : name, `/${name}?step=${index + 1}`)));
  document.getElementById("example").elements.example.replaceChildren(...entries);
  document.getElementById("words").elements.name.replaceChildren(...words.results.map(({ name }) => new Option(name)));
}

function drawItemOptions(items) {
  return items.map((item) => new Option(`${item.connector.name}, ${item.clientUserId || "no clientUserId"}`, item.id));
}

// Keeps the chosen item when the list changes.
function offerItems(items) {
  const select = document.getElementById("words").elements.target;
  const text = JSON.stringify(items.map((item) => item.id));
  if (drawn.get("words") === text) return;
  drawn.set("words", text);
  const chosen = select.value;
  select.replaceChildren(...drawItemOptions(items));
  if (items.some((item) => item.id === chosen)) select.value = chosen;
}

function listenToExamples() {
  const example = document.getElementById("example");
  example.addEventListener("submit", (event) => {
    event.preventDefault();
    const { example: path, person } = fields(example);
    load("", person, path).catch((error) => toast(error.message, true));
  });
  const words = document.getElementById("words");
  words.addEventListener("submit", (event) => {
    event.preventDefault();
    const { name, target } = fields(words);
    if (!target) return toast("Connect a bank first", true);
    return action("POST", `/items/${target}/words`, { name }, ({ transactions }) => `${transactions.length} transaction(s) added`)();
  });
}

async function load(text, person, name = "") {
  const errors = document.getElementById("errors");
  errors.hidden = true;
  const query = person ? `${name.includes("?") ? "&" : "?"}clientUserId=${encodeURIComponent(person)}` : "";
  const response = await fetch(`/_control/world${name}${query}`, { method: "POST", body: text });
  const result = await response.json();
  if (response.ok) toast(`${result.items.length} item(s) loaded`);
  else {
    errors.textContent = [result.message, ...(result.mistakes || [])].join("\n");
    errors.hidden = false;
  }
  await refresh();
}

function listenToWorld() {
  const form = document.getElementById("world");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { file, person } = fields(form);
    if (!file?.size) return toast("Choose a file first", true);
    await load(await file.text(), person).catch((error) => toast(error.message, true));
  });
  document.getElementById("awkward").addEventListener("click", () =>
    load("", fields(form).person, "/awkward").catch((error) => toast(error.message, true)));
}

listen("fault", "/faults", (values) => ({
  kind: values.kind, path: values.path, times: timesOf(values), skip: Number(values.skip), seconds: Number(values.seconds),
  ...(values.field && { field: values.field, value: jsonOrText(values.value) }),
}), (result) => `${result.kind} is on`);
listen("delivery-fault", "/deliveries/faults", (values) => ({
  kind: values.kind, event: values.event, times: timesOf(values), seconds: Number(values.seconds),
}), (result) => `${result.kind} is on`);
listen("chaos", "/chaos", (values) => ({
  seed: values.seed, rate: Number(values.rate), events: { rate: Number(values.events) },
}), "Random faults are on");
afterEachAction(refresh);
listenToWorld();
listenToExamples();
offerExamples();
offerKinds("fault", "/faults");
offerKinds("delivery-fault", "/deliveries/faults");
refresh();
setInterval(() => document.visibilityState === "visible" && refresh(), POLL_MS);
