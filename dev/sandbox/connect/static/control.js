// The control room: asks for the state again and again, redraws what changed, and sends what is pressed.
import { drawClock, drawEnd, drawEvents, drawFaults, drawPeople, drawQueue, drawWebhooks } from "./control-parts.js";
import { ask, press, toast, whenPressed } from "./control-hands.js";

const EVERY = 1500;
const drawn = new Map();

// Redraws a part only if what it shows has changed; focus and opened details stay where they were.
function redraw(name, shown, draw) {
  const place = document.querySelector(`[data-part="${name}"]`) || document.getElementById(name);
  const now = JSON.stringify(shown);
  if (drawn.get(name) === now) return;
  drawn.set(name, now);
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const open = new Set([...place.querySelectorAll("details[open]")].map((one) => one.dataset.key));
  place.replaceChildren(...draw(shown));
  for (const one of place.querySelectorAll("details")) one.open = open.has(one.dataset.key);
  if (focused) place.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

async function look() {
  const silence = document.getElementById("silence");
  try {
    const [state, events] = await Promise.all([ask("GET", "/state"), ask("GET", "/events?limit=60")]);
    silence.hidden = true;
    redraw("clock", state.now.slice(0, 16), drawClock);
    redraw("people", { now: state.now.slice(0, 16), items: state.items }, drawPeople);
    redraw("queue", { held: state.held, waiting: state.waiting }, drawQueue);
    redraw("webhooks", state.webhooks, drawWebhooks);
    redraw("events", events.results.reverse(), drawEvents);
    redraw("faults", { faults: state.faults, mishaps: state.mishaps, chaos: state.chaos }, drawFaults);
    redraw("end", 0, drawEnd);
  } catch {
    silence.hidden = false;
  }
}

const fields = (form) => Object.fromEntries(new FormData(form));
const oftenOf = (given) => (given.times === "" ? null : Number(given.times));

function listen(id, path, body, done) {
  const form = document.getElementById(id);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    press("POST", path, body(fields(form)), done)();
  });
  return form;
}

async function offerKinds(id, path) {
  const { kinds } = await ask("GET", path);
  document.getElementById(id).elements.kind.replaceChildren(...kinds.map((kind) => new Option(kind)));
}

async function load(text, person, name = "") {
  const mistakes = document.getElementById("mistakes");
  mistakes.hidden = true;
  const query = person ? `?clientUserId=${encodeURIComponent(person)}` : "";
  const answer = await fetch(`/_control/world${name}${query}`, { method: "POST", body: text });
  const told = await answer.json();
  if (answer.ok) toast(`${told.items.length} item(s) loaded`);
  else {
    mistakes.textContent = [told.message, ...(told.mistakes || [])].join("\n");
    mistakes.hidden = false;
  }
  await look();
}

function listenToWorld() {
  const form = document.getElementById("world");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { file, person } = fields(form);
    if (!file?.size) return toast("Choose a file first", true);
    await load(await file.text(), person).catch((problem) => toast(problem.message, true));
  });
  document.getElementById("awkward").addEventListener("click", () =>
    load("", fields(form).person, "/awkward").catch((problem) => toast(problem.message, true)));
}

listen("fault", "/faults", (given) => ({
  kind: given.kind, path: given.path, times: oftenOf(given), skip: Number(given.skip), seconds: Number(given.seconds),
}), (told) => `${told.kind} is on`);
listen("mishap", "/deliveries/faults", (given) => ({
  kind: given.kind, event: given.event, times: oftenOf(given), seconds: Number(given.seconds),
}), (told) => `${told.kind} is on`);
listen("chaos", "/chaos", (given) => ({
  seed: given.seed, rate: Number(given.rate), events: { rate: Number(given.events) },
}), "Faults at random have begun");
whenPressed(look);
listenToWorld();
offerKinds("fault", "/faults");
offerKinds("mishap", "/deliveries/faults");
look();
setInterval(() => document.visibilityState === "visible" && look(), EVERY);
