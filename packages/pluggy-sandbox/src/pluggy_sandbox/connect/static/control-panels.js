// The panels of the control page, each drawn from the state of the sandbox.
import { action, call, toast } from "./control-actions.js";
import { element } from "./dom.js";

const timeZone = "America/Sao_Paulo"; // also for browsers elsewhere: clock, transactions and events show the same time zone
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeZone });
const HOUR = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone });
const SECOND = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone });
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const GOOD = ["UPDATED", "delivered"];
const BUSY = ["UPDATING", "MERGING", "waiting"];

function button(text, key, onclick, more = {}) {
  return element("button", { type: "button", "data-key": key, onclick, ...more }, text);
}

function money(amount, currency) {
  try {
    return new Intl.NumberFormat("pt-BR", { style: "currency", currency }).format(amount);
  } catch {
    return `${amount} ${currency}`;
  }
}

function ago(moment, now) {
  if (!moment) return "never collected";
  const seconds = Math.max(0, (minute(now) - new Date(moment)) / 1000);
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) || ["minute", 60];
  return seconds < 60 ? "just now" : AGO.format(-Math.floor(seconds / size), unit);
}

const colorClass = (state) => (GOOD.includes(state) ? "good" : BUSY.includes(state) || state.startsWith("WAITING") ? "busy" : "bad");
const pill = (state, text = state) => element("span", { class: `pill ${colorClass(state)}` }, text);
const time = (moment) => SECOND.format(new Date(moment));
const minute = (now) => new Date(`${now}:00Z`);

export function drawClock(now) {
  const moment = minute(now);
  const steps = [["+1 day", { days: 1 }], ["+1 week", { days: 7 }], ["+1 month", { months: 1 }]];
  return [
    element("p", {}, element("strong", {}, DAY.format(moment)), ` ${HOUR.format(moment)} in São Paulo`),
    element("div", { class: "row" }, ...steps.map(([text, body]) =>
      button(text, `clock${text}`, action("POST", "/clock", body, "The clock has moved on"), { "data-testid": `clock${text}` }))),
  ];
}

// --- People ------------------------------------------------------------------------------------------
export function drawPeople({ items, now }) {
  if (!items.length) return [element("p", { class: "hint" }, "No bank is connected yet. Connect one in your product, or load a world file below.")];
  const people = Map.groupBy
    ? Map.groupBy([...items].reverse(), (item) => item.clientUserId || "no clientUserId")
    : [...items].reverse().reduce((all, item) => {
      const who = item.clientUserId || "no clientUserId";
      return all.set(who, [...(all.get(who) || []), item]);
    }, new Map());
  return [...people].map(([who, items]) => element("div", { class: "person" },
    element("h3", {}, "Person ", element("code", {}, who)),
    element("div", { class: "cards" }, ...items.map((item) => drawItem(item, now)))));
}

function drawItem(item, now) {
  const logo = element("img", { src: `/static/connectors/${item.connector.id}.svg`, alt: "", width: 32, height: 32 });
  const title = element("div", {}, element("h4", {}, item.connector.name),
    element("p", { class: "hint" }, [item.user, ago(item.lastUpdatedAt, now), item.loaded && "from a file"].filter(Boolean).join(" · ")));
  return element("article", { class: "panel", "data-testid": `item-${item.id}` },
    element("div", { class: "title" }, logo, title, pill(item.status, item.executionStatus)),
    item.error && element("p", { class: "hint" }, item.error.providerMessage || item.error.message),
    element("ul", { class: "accounts" }, ...item.accounts.map(drawAccount)),
    moneyButtons(item), bankButtons(item),
    element("details", { "data-key": `id-${item.id}` }, element("summary", {}, "Identifiers"),
      element("p", { class: "ids" }, "item ", element("code", {}, item.id)),
      ...item.accounts.map((account) => element("p", { class: "ids" }, `${account.name} `, element("code", {}, account.id))),
      element("p", { class: "ids" }, element("a", { href: `/_control/truth/items/${item.id}` }, "All data as JSON"))));
}

function drawAccount(account) {
  const owed = account.type === "CREDIT" ? " owed" : "";
  return element("li", {},
    element("span", {}, account.name, " ", element("small", {}, account.subtype === "CREDIT_CARD" ? `•••• ${account.number}` : account.number)),
    element("span", { class: "amount" }, money(account.type === "CREDIT" ? Math.abs(account.balance) : account.balance, account.currencyCode) + owed));
}

function moneyButtons(item) {
  const has = (subtype) => item.accounts.some((account) => account.subtype === subtype);
  const path = `/items/${item.id}/transactions`;
  const spend = { accountType: "CREDIT_CARD", description: "PADARIA DO TESTE", amount: -50, categoryId: "11010000" };
  const pix = { accountType: "CHECKING_ACCOUNT", pix: true, amount: 120, categoryId: "05070000" };
  const act = (text, name, route, body, done) =>
    button(text, `${name}-${item.id}`, action("POST", route, body, done), { "data-testid": name });
  if (!item.accounts.length) return null;
  return element("div", { class: "row" },
    ...(has("CREDIT_CARD") ? [
      act("Spend R$ 50 now", "spend", path, spend, (transaction) => `Spent: ${transaction.description}`),
      act("Refund it", "refund", `/items/${item.id}/refund`, {}, ({ amount, currencyCode, description }) => `Refunded ${money(Math.abs(amount), currencyCode)}: ${description}`),
      act("Close the bill", "close-bill", `/items/${item.id}/close-bill`, {}, (bill) => `The bill closed at ${money(bill.totalAmount, "BRL")}`),
    ] : []),
    ...(has("CHECKING_ACCOUNT") ? [act("Receive a PIX", "pix", path, pix, (transaction) => transaction.description)] : []));
}

function bankButtons(item) {
  const act = (text, name, path, body, done, method = "POST") =>
    button(text, `${name}-${item.id}`, action(method, path, body, done), { "data-testid": name, class: "quiet" });
  const at = `/items/${item.id}`;
  const down = item.connector.health?.status === "OFFLINE";
  const bank = `/connectors/${item.connector.id}/status`;
  const disconnect = button("Disconnect", `disconnect-${item.id}`, () =>
    window.confirm(`Delete this item of ${item.connector.name}?`) && action("DELETE", at, undefined, "Disconnected")(),
  { "data-testid": "disconnect", class: "quiet" });
  return element("div", { class: "row" },
    act("Sync now", "sync", `${at}/refresh`, {}, "A sync has begun"),
    ...(item.status === "WAITING_USER_ACTION" || item.executionStatus === "USER_AUTHORIZATION_PENDING" ? [
      act("Approve", "approve", `${at}/approve`, {}, "Approved"), act("Refuse", "refuse", `${at}/refuse`, {}, "Refused"),
    ] : []),
    ...(item.status.startsWith("WAITING") ? [act("Let the time run out", "expire", `${at}/expire`, {}, "The time has run out")] : []),
    act("Ask for a new password", "password", `${at}/password`, {}, "The old password no longer works"),
    act("Revoke the consent", "revoke", `${at}/revoke`, {}, "The consent is revoked"),
    ...(item.successor ? [
      item.connectorEnded ? act("The direct connector is back", "end-undone", `/connectors/${item.connector.id}/end`, undefined, "The direct connector is offered again", "DELETE")
        : act("The direct connector ends", "end", `/connectors/${item.connector.id}/end`, {}, "The direct connector has ended"),
      act("Connect by Open Finance", "reconnect", `${at}/reconnect`, {}, "The bank is being connected by Open Finance"),
    ] : []),
    down ? act("Bank is up again", "bank-up", bank, { status: "ONLINE" }, "The bank is up") : act("Bank goes down", "bank-down", bank, { status: "OFFLINE" }, "The bank is down"),
    disconnect);
}

// --- Events ------------------------------------------------------------------------------------------
export function drawQueue({ held, waiting }) {
  const release = (text, order) => button(text, `release-${order}`, action("POST", "/webhooks/release", { order }, "Released"));
  return [
    element("span", {}, `${waiting} waiting`, held ? " — held back" : ""),
    ...(held ? [release("Release in order", "queued"), release("Release reversed", "reversed")]
      : [button("Hold deliveries back", "hold", action("POST", "/webhooks/hold", {}, "Deliveries are held back"))]),
  ];
}

export function drawWebhooks(hooks) {
  if (!hooks.length) return [element("p", { class: "hint" }, "No webhook is registered for the application.")];
  return [element("ul", { class: "plain" }, ...hooks.map((hook) => element("li", {},
    element("code", {}, hook.event), ` → ${hook.url} `,
    hook.disabledAt ? pill("disabled", `disabled since ${hook.disabledAt.slice(0, 16).replace("T", " ")}`) : pill("UPDATED", "on"),
    hook.failures ? element("span", { class: "hint" }, ` ${hook.failures} consecutive deliveries failed`) : null)))];
}

export function drawEvents(events) {
  if (!events.length) return [element("p", { class: "hint" }, "There are no events yet.")];
  return [element("div", { class: "log" }, ...events.map(drawEvent))];
}

function drawEvent(event) {
  const detail = element("div", { class: "detail" });
  const states = event.deliveries.map((one) => pill(one.state, one.attempts.length > 1 ? `${one.state} ×${one.attempts.length}` : one.state));
  const head = element("summary", { "data-key": `head-${event.eventId}` },
    element("time", {}, time(event.createdAt)), element("code", {}, event.event),
    event.fault && element("span", { class: "pill bad" }, event.fault),
    element("span", { class: "hint" }, (event.itemId || "").slice(0, 8)),
    ...(states.length ? states : [element("span", { class: "hint" }, "no receiver")]));
  const box = element("details", { "data-key": `event-${event.eventId}`, "data-testid": "event" }, head, detail);
  box.addEventListener("toggle", () => box.open && loadDetail(detail, event.eventId));
  return box;
}

// Loads the bodies when an event is opened.
async function loadDetail(panel, eventId) {
  try {
    const event = await call("GET", `/events/${eventId}`);
    panel.replaceChildren(
      element("pre", { tabindex: 0, "aria-label": "Payload" }, JSON.stringify(event.payload, null, 2)),
      ...event.deliveries.map(drawDelivery),
      button("Deliver again", `again-${eventId}`, action("POST", `/events/${eventId}/redeliver`, {}, ({ count }) => `Queued for ${count}`)));
  } catch (error) {
    toast(error.message, true);
  }
}

function drawDelivery(delivery) {
  const headers = Object.entries(delivery.headers).map(([name, value]) => `${name}: ${value}`).join(", ");
  const why = delivery.fault && delivery.fault !== delivery.state ? ` (${delivery.fault})` : "";
  return element("div", {},
    element("p", {}, pill(delivery.state), ` ${delivery.url}${why}`),
    headers && element("p", { class: "hint" }, headers),
    element("ol", {}, ...delivery.attempts.map((one) => element("li", {},
      `${time(one.at)} — ${one.status ?? one.error} in ${one.milliseconds} ms`,
      one.response && element("pre", {}, one.response)))));
}

// --- Faults ------------------------------------------------------------------------------------------
export function drawFaults({ faults, deliveryFaults, chaos }) {
  const left = (one) => (one.times === null ? "until switched off" : `${one.times} left`);
  const line = (one, where, off) => element("li", {}, element("strong", {}, one.kind), " ", element("code", {}, where),
    ` ${left(one)}, affected ${one.hits} `, off);
  const lines = [
    ...faults.map((one) => line(one, `${one.method || "any"} ${one.path}`,
      button("Off", `off-${one.id}`, action("DELETE", `/faults/${one.id}`, undefined, `${one.kind} is off`), { "aria-label": `${one.kind} off` }))),
    ...deliveryFaults.map((one) => line(one, one.event, null)),
  ];
  const off = async () => {
    await call("DELETE", "/faults");
    await call("DELETE", "/deliveries/faults");
    await action("DELETE", "/chaos", undefined, "All faults are off")();
  };
  if (!lines.length && !chaos.on) return [element("p", { class: "hint" }, "No fault is on.")];
  return [element("ul", { class: "plain" }, ...lines, ...drawChaos(chaos)), button("All faults off", "all-off", off)];
}

function drawChaos(chaos) {
  return [["requests", chaos.requests], ["events", chaos.events]].filter(([, summary]) => summary).map(([what, summary]) => {
    const hits = summary.struck.filter((one) => one.struck);
    return element("li", {}, element("strong", {}, "at random"), ` ${Math.round(summary.rate * 100)} % of ${what}, seed `,
      element("code", {}, summary.seed), `, affected ${hits.length} of ${summary.decided}`,
      hits.length ? element("details", { "data-key": `chaos-${what}` }, element("summary", {}, "Affected"),
        element("ol", {}, ...hits.slice(-30).map((one) => element("li", { value: one.n }, `${one.kind}: ${one.what}`)))) : null);
  });
}

export function drawEnd() {
  return [button("Delete everything", "reset", () =>
    window.confirm("Delete all items, transactions, webhooks, events and faults?") && action("POST", "/reset", {}, "Everything is deleted")(),
  { class: "danger" })];
}
