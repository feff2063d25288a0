// The Connect page: consent, institution, login, questions of the bank, progress, result.
import { button, element, show } from "./dom.js";
import { credentialForm } from "./form.js";
import { api, emit, enter, hide, host, close, loggedIn, withName, newRun, callProp } from "./host.js";
import { ask } from "./waiting.js";

const POLL_MS = 250;
const RUNNING = ["UPDATING", "MERGING"];
const TYPE_AGAIN = ["INVALID_CREDENTIALS", "ACCOUNT_CREDENTIALS_RESET", "USER_AUTHORIZATION_REVOKED"];
const BEFORE_LOGIN = ["CREATING", "CREATED", "LOGIN_IN_PROGRESS", "LOGIN_MFA_IN_PROGRESS"];
const go = { on: follow, wrong: (error) => failed(error.message) };
const guarded = (step) => step().catch(go.wrong);
const closing = () => button(host.texts.close, "connect-close", close);

function consent() {
  const { texts } = host;
  show("consent",
    element("h1", {}, texts.consentTitle),
    element("p", {}, texts.consentBody),
    button(texts.agree, "connect-continue", () => {
      emit("SUBMITTED_CONSENT");
      guarded(choose);
    }, { class: "main", "data-focus": true }),
    closing());
}

async function choose() {
  const { props } = host;
  const query = new URLSearchParams({ sandbox: String(Boolean(props.includeSandbox)) });
  (props.countries || []).forEach((value) => query.append("countries", value));
  (props.connectorTypes || []).forEach((value) => query.append("types", value));
  let { results } = await api("GET", `/connectors?${query}`);
  if (props.connectorIds?.length) results = results.filter((connector) => props.connectorIds.includes(connector.id));
  if (props.connectorSortAlphabetically) results.sort((a, b) => a.name.localeCompare(b.name));
  const chosen = results.find((connector) => connector.id === props.selectedConnectorId);
  return chosen ? pick(chosen) : list(results);
}

function list(connectors) {
  const { texts } = host;
  const institutions = element("ul", { class: "institutions" });
  const search = element("input", { type: "search", id: "search", name: "search", "data-testid": "connect-search",
    placeholder: texts.search, autocomplete: "off", oninput: () => fill() });
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const fill = () => {
    const shown = connectors.filter((connector) => plain(connector.name).includes(plain(search.value)));
    institutions.replaceChildren(...shown.map(choice));
    if (!shown.length) institutions.append(element("li", {}, texts.noneFound));
  };
  fill();
  show("institutions", element("h1", {}, texts.institutions),
    element("label", { for: "search" }, texts.search), search, institutions, closing());
}

function choice(connector) {
  const logo = element("img", { src: connector.imageUrl, alt: "", width: 32, height: 32 });
  const health = host.texts.health[connector.health.status];
  return element("li", {}, element("button", { type: "button", "data-testid": `institution-${connector.id}`,
    onclick: () => pick(connector) }, logo, element("span", {}, connector.name,
    health ? element("small", { class: "wrong" }, health) : null)));
}

function pick(connector) {
  emit("SELECTED_INSTITUTION", { connector });
  login(connector, null);
}

// Shows the login form; with an item it updates that item instead of creating a new one.
function login(connector, item) {
  const { props, texts } = host;
  const form = credentialForm(connector.credentials, props.openFinanceParameters || {}, texts.connect, async (parameters) => {
    emit("SUBMITTED_LOGIN");
    const products = props.products || undefined;
    follow(item
      ? await api("PATCH", `/items/${item.id}`, { parameters })
      : await api("POST", "/items", { connectorId: connector.id, parameters, products }));
  }, go.wrong);
  show("credentials", element("h1", {}, withName(texts.loginTitle, connector.name)),
    element("p", { class: "hint" }, texts.hints[connector.credentials[0]?.name || "nothing"] || ""),
    form, props.updateItem ? null : button(texts.back, "connect-back", () => guarded(choose)), closing());
  if (!connector.credentials.length) form.elements[0].focus();
}

// Shows the step that belongs to the status of the item.
function follow(item) {
  if (RUNNING.includes(item.status)) return guarded(() => watch(item));
  emit("ITEM_RESPONSE", { item });
  if (item.status.startsWith("WAITING")) return ask(item, go);
  return item.status === "UPDATED" ? succeeded(item) : failed(null, item);
}

// Shows the progress of a run until it ends or waits for the user.
async function watch(item) {
  const { props, texts } = host;
  const state = element("p", { class: "state", "data-testid": "connect-state" });
  const bar = element("progress", { "aria-label": texts.working, max: item.products.length + 3 });
  const background = button(texts.background, "connect-background", hide, { hidden: true });
  show("progress", element("h1", {}, texts.working), bar, state, props.allowConnectInBackground ? background : null);
  for (let last = "", step = 0; RUNNING.includes(item.status);) {
    emit("ITEM_RESPONSE", { item });
    if (item.executionStatus !== last) [last, step] = [item.executionStatus, step + 1];
    if (!BEFORE_LOGIN.includes(item.executionStatus)) {
      loggedIn(item);
      background.hidden = false;
    }
    bar.value = step;
    state.textContent = texts.steps[item.executionStatus] || "";
    await new Promise((wake) => setTimeout(wake, POLL_MS));
    item = await api("GET", `/items/${item.id}`);
  }
  follow(item);
}

function succeeded(item) {
  const { texts } = host;
  loggedIn(item);
  callProp("onSuccessProp", { item });
  show("success", element("h1", {}, texts.successTitle),
    element("p", { "data-testid": "connect-success" }, withName(texts.successBody, item.connector.name)),
    item.executionStatus === "PARTIAL_SUCCESS" ? element("p", { class: "hint" }, texts.partly) : null,
    button(texts.finish, "connect-finish", close, { class: "main", "data-focus": true }));
}

function failed(message, item) {
  const { texts, props } = host;
  const code = item?.error?.code;
  const text = texts.errors[code] || item?.error?.message || message || item?.executionStatus;
  callProp("onErrorProp", item ? { message: text, data: { item } } : { message: text });
  const pending = code === "USER_AUTHORIZATION_PENDING";
  const again = () => {
    newRun();
    if (item) return guarded(() => retry(item));
    return props.updateItem ? guarded(update) : guarded(choose);
  };
  const isShown = show("error", element("h1", {}, pending ? texts.pendingTitle : texts.errorTitle),
    element("p", { role: "alert", "data-testid": "connect-error", "data-code": code }, text),
    item?.error?.providerMessage ? element("p", { class: "hint" }, item.error.providerMessage) : null,
    button(texts.again, "connect-retry", again, { class: "main", "data-focus": true }),
    closing());
  if (pending) followWhenApproved(item, isShown);
}

// Polls a pending approval: once it is given, the run continues, and so does this page.
async function followWhenApproved(item, isShown) {
  let now = item;
  while (isShown() && now.executionStatus === item.executionStatus) {
    await new Promise((wake) => setTimeout(wake, POLL_MS * 4));
    now = await api("GET", `/items/${item.id}`).catch(() => now);
  }
  if (isShown()) follow(now);
}

const mustType = ({ connector, executionStatus }) => connector.credentials.length > 0
  && (connector.oauth ? executionStatus === "INVALID_CREDENTIALS" : TYPE_AGAIN.includes(executionStatus)
    || connector.credentials.some((credential) => credential.mfa));

const retry = async (item) => (mustType(item)
  ? login(item.connector, item) : follow(await api("PATCH", `/items/${item.id}`, {})));

// Update mode: continues with the stored login, unless the user must enter something.
async function update() {
  const item = await api("GET", `/items/${host.props.updateItem}`);
  if (RUNNING.includes(item.status) || item.status.startsWith("WAITING")) return follow(item);
  const canType = item.connector.credentials.length > 0;
  const ask = canType && (host.props.forceAskForCredentials || item.connector.hasMFA);
  return ask ? login(item.connector, item) : retry(item);
}

function start() {
  new window.PluggyConnect({ connectToken: "unused" }); // registers this page as the widget's child
  enter(window.xprops || {});
  document.documentElement.lang = host.texts.lang;
  document.documentElement.dataset.theme = host.props.theme === "dark" ? "dark" : "light";
  document.querySelectorAll("[data-text]").forEach((spot) => { spot.textContent = host.texts[spot.dataset.text]; });
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());
  if (host.props.updateItem) guarded(update);
  else consent();
}

if (window.name.startsWith("__zoid__")) start();
else show("outside", element("h1", {}, "local Pluggy"), element("p", {}, host.texts.outside),
  element("a", { href: "/_control/", "data-testid": "control-link" }, host.texts.control));
