// The Connect page: consent, institution, login, whatever the bank asks, progress, end.
import { button, element, show } from "./dom.js";
import { asForm } from "./form.js";
import { api, emit, enter, hide, host, leave, loggedIn, named, newRun, tell } from "./host.js";
import { ask } from "./waiting.js";

const POLL_MS = 250;
const RUNNING = ["UPDATING", "MERGING"];
const TYPE_AGAIN = ["INVALID_CREDENTIALS", "ACCOUNT_CREDENTIALS_RESET", "USER_AUTHORIZATION_REVOKED"];
const BEFORE_LOGIN = ["CREATING", "CREATED", "LOGIN_IN_PROGRESS", "LOGIN_MFA_IN_PROGRESS"];
const go = { on: follow, wrong: (problem) => failed(problem.message) };
const guarded = (step) => step().catch(go.wrong);
const closing = () => button(host.texts.close, "connect-close", leave);

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
  if (props.connectorIds?.length) results = results.filter((one) => props.connectorIds.includes(one.id));
  if (props.connectorSortAlphabetically) results.sort((a, b) => a.name.localeCompare(b.name));
  const chosen = results.find((one) => one.id === props.selectedConnectorId);
  return chosen ? pick(chosen) : list(results);
}

function list(connectors) {
  const { texts } = host;
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
    element("label", { for: "search" }, texts.search), search, found, closing());
}

function choice(connector) {
  const logo = element("img", { src: connector.imageUrl, alt: "", width: 32, height: 32 });
  const trouble = host.texts.health[connector.health.status];
  return element("li", {}, element("button", { type: "button", "data-testid": `institution-${connector.id}`,
    onclick: () => pick(connector) }, logo, element("span", {}, connector.name,
    trouble ? element("small", { class: "wrong" }, trouble) : null)));
}

function pick(connector) {
  emit("SELECTED_INSTITUTION", { connector });
  login(connector, null);
}

// The login form; with an item it changes that item instead of making a new one.
function login(connector, item) {
  const { props, texts } = host;
  const form = asForm(connector.credentials, props.openFinanceParameters || {}, texts.connect, async (parameters) => {
    emit("SUBMITTED_LOGIN");
    const products = props.products || undefined;
    follow(item
      ? await api("PATCH", `/items/${item.id}`, { parameters })
      : await api("POST", "/items", { connectorId: connector.id, parameters, products }));
  }, go.wrong);
  show("credentials", element("h1", {}, named(texts.loginTitle, connector.name)),
    element("p", { class: "hint" }, texts.hints[connector.credentials[0]?.name || "nothing"] || ""),
    form, props.updateItem ? null : button(texts.back, "connect-back", () => guarded(choose)), closing());
  if (!connector.credentials.length) form.elements[0].focus();
}

// Wherever the item stands now, shows that.
function follow(item) {
  if (RUNNING.includes(item.status)) return guarded(() => watch(item));
  emit("ITEM_RESPONSE", { item });
  if (item.status.startsWith("WAITING")) return ask(item, go);
  return item.status === "UPDATED" ? succeeded(item) : failed(null, item);
}

// Follows a run to its end, or to what it asks on the way.
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
  tell("onSuccessProp", { item });
  show("success", element("h1", {}, texts.successTitle),
    element("p", { "data-testid": "connect-success" }, named(texts.successBody, item.connector.name)),
    item.executionStatus === "PARTIAL_SUCCESS" ? element("p", { class: "hint" }, texts.partly) : null,
    button(texts.finish, "connect-finish", leave, { class: "main", "data-focus": true }));
}

function failed(message, item) {
  const { texts, props } = host;
  const code = item?.error?.code;
  const said = texts.errors[code] || item?.error?.message || message || item?.executionStatus;
  tell("onErrorProp", item ? { message: said, data: { item } } : { message: said });
  const pending = code === "USER_AUTHORIZATION_PENDING";
  const again = () => {
    newRun();
    if (item) return guarded(() => retry(item));
    return props.updateItem ? guarded(update) : guarded(choose);
  };
  const isShown = show("error", element("h1", {}, pending ? texts.pendingTitle : texts.errorTitle),
    element("p", { role: "alert", "data-testid": "connect-error", "data-code": code }, said),
    item?.error?.providerMessage ? element("p", { class: "hint" }, item.error.providerMessage) : null,
    button(texts.again, "connect-retry", again, { class: "main", "data-focus": true }),
    closing());
  if (pending) comeBack(item, isShown);
}

// A pending approval may be given meanwhile: then the run goes on by itself, and so does this page.
async function comeBack(item, isShown) {
  let now = item;
  while (isShown() && now.executionStatus === item.executionStatus) {
    await new Promise((wake) => setTimeout(wake, POLL_MS * 4));
    now = await api("GET", `/items/${item.id}`).catch(() => now);
  }
  if (isShown()) follow(now);
}

const mustType = ({ connector, executionStatus }) => connector.credentials.length > 0
  && (connector.oauth ? executionStatus === "INVALID_CREDENTIALS" : TYPE_AGAIN.includes(executionStatus)
    || connector.credentials.some((one) => one.mfa));

const retry = async (item) => (mustType(item)
  ? login(item.connector, item) : follow(await api("PATCH", `/items/${item.id}`, {})));

// Update mode: goes on by itself with the stored login, unless the person has to type something.
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
  document.addEventListener("keydown", (event) => event.key === "Escape" && leave());
  if (host.props.updateItem) guarded(update);
  else consent();
}

if (window.name.startsWith("__zoid__")) start();
else show("outside", element("h1", {}, "local Pluggy"), element("p", {}, host.texts.outside),
  element("a", { href: "/_control/", "data-testid": "control-link" }, host.texts.control));
