// What the person is asked while a run waits: a code, the bank's page, a QR code or a yes in the bank's application.
import { button, element, show } from "./dom.js";
import { asForm } from "./form.js";
import { api, codeSent, host, leave } from "./host.js";

const POLL_MS = 500;
const POPUP = "popup,width=480,height=780";
const OAUTH_FIELD = "oauth_code";

// `go.on(item)` follows the item further, `go.wrong(problem)` says what went wrong.
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
  const words = texts.instructions[item.parameter.type] || item.parameter.instructions;
  const form = asForm([item.parameter], {}, texts.send, async (values) => {
    codeSent();
    go.on(await api("POST", `/items/${item.id}/mfa`, values));
  }, go.wrong);
  return show("mfa", element("h1", {}, texts.codeTitle),
    words ? element("p", {}, words) : null,
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
      window.open(page, "_blank", POPUP); // gives null also where it opens: some products keep windows apart
      again.hidden = false;
    } }, texts.openBank);
  return show("bank", element("h1", {}, texts.bankTitle), element("p", {}, texts.bankBody), open, again, timer(item), closing());
}

function action(item, go) {
  const { texts } = host;
  const { type, attributes, instructions } = item.userAction || { type: "authorize-access" };
  const address = attributes?.qrCode || attributes?.url; // none when the control room only forced the status
  const page = address && new URL(address).pathname; // asked at this page's own origin
  const pretend = (decision) => fetch(`${page}/${decision}`, { method: "POST" }).catch(go.wrong);
  return show("action", element("h1", {}, texts.actionTitle[type]),
    element("p", {}, texts.instructions[type] || instructions),
    type === "qr" && page ? element("img", { class: "qr", alt: texts.qr, src: `${page}/qr.svg`, "data-testid": "connect-qr" }) : null,
    page ? element("fieldset", {}, element("legend", {}, texts.pretend),
      button(texts.approve, "connect-approve", () => pretend("approve"), { class: "main", "data-focus": true }),
      button(texts.refuse, "connect-refuse", () => pretend("refuse"))) : null,
    timer(item), closing());
}

const closing = () => button(host.texts.close, "connect-close", leave);

// How long there is still to answer. The pretended clock may be days away from ours: only its differences count.
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

// The answer may come from elsewhere: the bank's page, the control room, or nobody in time.
async function watch(item, isShown, go) {
  let now = item;
  while (isShown() && now.status === item.status) {
    await new Promise((wake) => setTimeout(wake, POLL_MS));
    now = await api("GET", `/items/${item.id}`).catch(() => now);
  }
  if (isShown()) go.on(now);
}
