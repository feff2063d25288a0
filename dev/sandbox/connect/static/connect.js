// The Connect page: consent, institution, login, code, progress, end; it talks to the API with the connect token.
import { button, complain, element, field, show } from "./dom.js";
import { textsFor } from "./texts.js";

const POLL_MS = 250;
const RUNNING = ["UPDATING", "MERGING"];
const ASK_AGAIN = ["INVALID_CREDENTIALS", "ACCOUNT_CREDENTIALS_RESET"];
const AFTER_LOGIN = ["ACCOUNTS_IN_PROGRESS", "CREDITCARDS_IN_PROGRESS", "TRANSACTIONS_IN_PROGRESS", "MERGING"];

let props = {};
let texts = textsFor("pt");
let told = new Set(); // events already sent in this run

const tell = (name, ...given) => Promise.resolve(props[name]?.(...given)).catch(() => {});
const emit = (event, more = {}) => tell("onEventProp", { timestamp: Date.now(), event, ...more });
const once = (event, more) => told.has(event) || (told.add(event), emit(event, more));
const named = (text, name) => text.replace("{name}", name);
const leave = () => (props.close ? props.close() : undefined);

class Refused extends Error {
  constructor(status, body) {
    super(body.message || `HTTP ${status}`);
    this.status = status;
    this.body = body;
  }
}

async function api(method, path, body) {
  const headers = { "X-API-KEY": props.connectToken, "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, json);
  return json;
}

function consent() {
  show("consent",
    element("h1", {}, texts.consentTitle),
    element("p", {}, texts.consentBody),
    button(texts.agree, "connect-continue", () => {
      emit("SUBMITTED_CONSENT");
      guarded(choose);
    }, { class: "main", "data-focus": true }),
    button(texts.close, "connect-close", leave));
}

async function choose() {
  const query = new URLSearchParams({ sandbox: String(Boolean(props.includeSandbox)) });
  for (const name of ["countries"]) (props[name] || []).forEach((value) => query.append(name, value));
  (props.connectorTypes || []).forEach((value) => query.append("types", value));
  let { results } = await api("GET", `/connectors?${query}`);
  if (props.connectorIds?.length) results = results.filter((one) => props.connectorIds.includes(one.id));
  if (props.connectorSortAlphabetically) results.sort((a, b) => a.name.localeCompare(b.name));
  const chosen = results.find((one) => one.id === props.selectedConnectorId);
  return chosen ? pick(chosen) : list(results);
}

function list(connectors) {
  const found = element("ul", { class: "institutions" });
  const search = element("input", { type: "search", id: "search", name: "search", "data-testid": "connect-search",
    placeholder: texts.search, autocomplete: "off", oninput: () => fill() });
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const fill = () => {
    const shown = connectors.filter((one) => plain(one.name).includes(plain(search.value)));
    found.replaceChildren(...shown.map(choice));
    if (!shown.length) found.append(element("li", {}, texts.noneFound));
  };
  fill();
  show("institutions", element("h1", {}, texts.institutions),
    element("label", { for: "search" }, texts.search), search, found, button(texts.close, "connect-close", leave));
}

function choice(connector) {
  const logo = element("img", { src: connector.imageUrl, alt: "", width: 32, height: 32 });
  return element("li", {}, element("button", { type: "button", "data-testid": `institution-${connector.id}`,
    onclick: () => pick(connector) }, logo, connector.name));
}

function pick(connector) {
  emit("SELECTED_INSTITUTION", { connector });
  login(connector, null);
}

// The login form; with an item it changes that item instead of making a new one.
function login(connector, item) {
  const known = props.openFinanceParameters || {};
  const form = asForm(connector.credentials, known, texts.connect, async (parameters) => {
    emit("SUBMITTED_LOGIN");
    const next = item
      ? await api("PATCH", `/items/${item.id}`, { parameters })
      : await api("POST", "/items", { connectorId: connector.id, parameters, products: props.products || undefined });
    await watch(next);
  });
  show("credentials", element("h1", {}, named(texts.loginTitle, connector.name)), element("p", { class: "hint" }, texts.hint),
    form, props.updateItem ? null : button(texts.back, "connect-back", () => guarded(choose)),
    button(texts.close, "connect-close", leave));
}

function code(item) {
  const form = asForm([item.parameter], {}, texts.send, async (values) => {
    emit("SUBMITTED_MFA");
    told.add("MFA");
    await watch(await api("POST", `/items/${item.id}/mfa`, values));
  });
  show("mfa", element("h1", {}, texts.codeTitle), element("p", {}, item.parameter.instructions || ""), form,
    button(texts.close, "connect-close", leave));
}

function asForm(credentials, known, submitText, send) {
  const submit = element("button", { type: "submit", class: "main", "data-testid": "connect-submit" }, submitText);
  const form = element("form", { novalidate: true, "data-testid": "connect-form" },
    ...credentials.map((credential) => field(credential, known[credential.name] || "")), submit);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    if (!allRight(form, credentials, values)) return;
    submit.disabled = true;
    await send(values).catch((problem) => refused(form, problem));
    submit.disabled = false;
  });
  return form;
}

function allRight(form, credentials, values) {
  const wrong = credentials.filter((one) => (values[one.name]
    ? one.validation && !new RegExp(one.validation).test(values[one.name]) : !one.optional));
  for (const one of wrong.reverse()) {
    complain(form, one.name, values[one.name] ? one.validationMessage || texts.required : texts.required);
  }
  return !wrong.length;
}

function refused(form, problem) {
  const details = problem.body?.details || [];
  details.forEach((detail) => complain(form, detail.parameter, detail.message));
  if (!details.length) failed(problem.message);
}

// Follows a run to its end; asks for the code on the way if the bank wants one.
async function watch(item) {
  const state = element("p", { class: "state", "data-testid": "connect-state" });
  const background = props.allowConnectInBackground
    ? button(texts.background, "connect-background", hide) : null;
  show("progress", element("h1", {}, texts.working), element("progress", { "aria-label": texts.working }), state, background);
  while (RUNNING.includes(item.status)) {
    emit("ITEM_RESPONSE", { item });
    if (AFTER_LOGIN.includes(item.executionStatus)) {
      loggedIn(item);
    }
    state.textContent = texts.steps[item.executionStatus] || "";
    await new Promise((wake) => setTimeout(wake, POLL_MS));
    item = await api("GET", `/items/${item.id}`);
  }
  emit("ITEM_RESPONSE", { item });
  if (item.status === "WAITING_USER_INPUT") return code(item);
  return item.status === "UPDATED" ? succeeded(item) : failed(item.error?.message || item.executionStatus, item);
}

function loggedIn(item) {
  once(told.has("MFA") ? "LOGIN_MFA_SUCCESS" : "LOGIN_SUCCESS", { item });
  once("LOGIN_STEP_COMPLETED", { item });
}

function hide() {
  window.parent.postMessage(JSON.stringify({ type: "CONTINUE_IN_BACKGROUND" }), "*");
  tell("onHideProp");
  props.hide?.();
}

function succeeded(item) {
  loggedIn(item);
  tell("onSuccessProp", { item });
  show("success", element("h1", {}, texts.successTitle),
    element("p", { "data-testid": "connect-success" }, named(texts.successBody, item.connector.name)),
    button(texts.finish, "connect-finish", leave, { class: "main", "data-focus": true }));
}

function failed(message, item) {
  tell("onErrorProp", item ? { message, data: { item } } : { message });
  const again = () => {
    told = new Set();
    if (!item) return guarded(props.updateItem ? update : choose);
    return login(item.connector, item);
  };
  const said = item?.error?.providerMessage;
  show("error", element("h1", {}, texts.errorTitle),
    element("p", { role: "alert", "data-testid": "connect-error", "data-code": item?.error?.code },
      texts.errors[item?.error?.code] || message),
    said ? element("p", { class: "hint" }, said) : null,
    button(texts.again, "connect-retry", again, { class: "main", "data-focus": true }),
    button(texts.close, "connect-close", leave));
}

// Update mode: goes on by itself with the stored login, unless the person has to type something.
async function update() {
  const item = await api("GET", `/items/${props.updateItem}`);
  if (item.status === "WAITING_USER_INPUT") return code(item);
  if (RUNNING.includes(item.status)) return watch(item);
  const ask = props.forceAskForCredentials || item.connector.hasMFA || ASK_AGAIN.includes(item.executionStatus);
  return ask ? login(item.connector, item) : watch(await api("PATCH", `/items/${item.id}`, {}));
}

const guarded = (step) => step().catch((problem) => failed(problem.message));

function start() {
  new window.PluggyConnect({ connectToken: "unused" }); // registers this page as the widget's child
  props = window.xprops || {};
  texts = textsFor(props.language);
  document.documentElement.lang = texts === textsFor("pt") ? "pt-BR" : "en";
  document.documentElement.dataset.theme = props.theme === "dark" ? "dark" : "light";
  document.querySelectorAll("[data-text]").forEach((spot) => { spot.textContent = texts[spot.dataset.text]; });
  document.addEventListener("keydown", (event) => event.key === "Escape" && leave());
  if (props.updateItem) guarded(update);
  else consent();
}

if (window.name.startsWith("__zoid__")) start();
else show("outside", element("h1", {}, "local Pluggy"), element("p", {}, texts.outside),
  element("a", { href: "/_control/", "data-testid": "control-link" }, texts.control));
