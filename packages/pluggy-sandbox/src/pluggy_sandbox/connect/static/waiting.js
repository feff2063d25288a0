// The step shown while a run waits for the user: a code, the bank's page, a QR code, or an approval in the bank's app.
import { button, element, show } from "./dom.js";
import { credentialForm } from "./form.js";
import { api, codeSent, host, close } from "./host.js";

const POLL_MS = 500;
const POPUP = "popup,width=480,height=780";
const OAUTH_FIELD = "oauth_code";

// `go.on(item)` continues with the item, `go.wrong(error)` shows an error.
export function ask(item, go) {
  const shown = screen(item, go);
  watch(item, shown, go);
}

function screen(item, go) {
  if (item.status === "WAITING_USER_ACTION") return action(item, go);
  return item.parameter?.name === OAUTH_FIELD ? bank(item) : code(item, go);
}

function code(item, go) {
  const { texts } = host;
  const instructions = texts.instructions[item.parameter.type] || item.parameter.instructions;
  const form = credentialForm([item.parameter], {}, texts.send, async (values) => {
    codeSent();
    go.on(await api("POST", `/items/${item.id}/mfa`, values));
  }, go.wrong);
  return show("mfa", element("h1", {}, texts.codeTitle),
    instructions ? element("p", {}, instructions) : null,
    form, timer(item), closing());
}

function bank(item) {
  const { texts } = host;
  const page = item.parameter.data;
  const again = element("p", { class: "hint", hidden: true }, texts.notOpened, " ",
    element("a", { href: page, target: "_blank", rel: "noopener" }, texts.openHere));
  const open = element("a", { class: "main button", href: page, target: "_blank", "data-testid": "connect-bank", "data-focus": true,
    onclick: (event) => {
      event.preventDefault();
      window.open(page, "_blank", POPUP); // may return null although it opened (Cross-Origin-Opener-Policy)
      again.hidden = false;
    } }, texts.openBank);
  return show("bank", element("h1", {}, texts.bankTitle), element("p", {}, texts.bankBody), open, again, timer(item), closing());
}

function action(item, go) {
  const { texts } = host;
  const { type, attributes, instructions } = item.userAction || { type: "authorize-access" };
  const address = attributes?.qrCode || attributes?.url; // missing if the control panel forced the status
  const page = address && new URL(address).pathname; // at the origin of this page
  const decide = (decision) => fetch(`${page}/${decision}`, { method: "POST" }).catch(go.wrong);
  return show("action", element("h1", {}, texts.actionTitle[type]),
    element("p", {}, texts.instructions[type] || instructions),
    type === "qr" && page ? element("img", { class: "qr", alt: texts.qr, src: `${page}/qr.svg`, "data-testid": "connect-qr" }) : null,
    page ? element("fieldset", {}, element("legend", {}, texts.simulate),
      button(texts.approve, "connect-approve", () => decide("approve"), { class: "main", "data-focus": true }),
      button(texts.refuse, "connect-refuse", () => decide("refuse"))) : null,
    timer(item), closing());
}

const closing = () => button(host.texts.close, "connect-close", close);

// Shows how much time is left. The simulated clock may be days ahead, so only its differences are used.
function timer(item) {
  const { expiresAt } = item.parameter || item.userAction || {};
  if (!expiresAt) return null;
  const spot = element("p", { class: "hint", role: "timer", "aria-live": "off" });
  const until = Date.now() + Date.parse(expiresAt) - Date.parse(item.updatedAt);
  const tick = () => {
    const seconds = Math.max(0, Math.round((until - Date.now()) / 1000));
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    spot.textContent = host.texts.timeLeft.replace("{time}", clock);
    if (seconds && (spot.isConnected || !spot.dataset.on)) setTimeout(tick, 1000);
    spot.dataset.on = "yes";
  };
  tick();
  return spot;
}

// Polls the item, because the answer may come from the bank's page or the control panel, or the time may run out.
async function watch(item, isShown, go) {
  let now = item;
  while (isShown() && now.status === item.status) {
    await new Promise((wake) => setTimeout(wake, POLL_MS));
    now = await api("GET", `/items/${item.id}`).catch(() => now);
  }
  if (isShown()) go.on(now);
}
