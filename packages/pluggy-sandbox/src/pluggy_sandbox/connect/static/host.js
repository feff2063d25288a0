// The environment of the page: the widget's props, its callbacks, the texts in its language, and the API.
import { textsFor } from "./texts.js";

export const host = { props: {}, texts: textsFor("pt") };
let sentEvents = new Set(); // in this run

export const callProp = (name, ...given) => Promise.resolve(host.props[name]?.(...given)).catch(() => {});
export const emit = (event, more = {}) => callProp("onEventProp", { timestamp: Date.now(), event, ...more });
export const close = () => host.props.close?.();
export const withName = (text, name) => text.replace("{name}", name);

export function enter(props) {
  host.props = props;
  host.texts = textsFor(props.language);
}

export function newRun() {
  sentEvents = new Set();
}

function once(event, more) {
  if (sentEvents.has(event)) return;
  sentEvents.add(event);
  emit(event, more);
}

export function codeSent() {
  emit("SUBMITTED_MFA");
  sentEvents.add("MFA");
}

export function loggedIn(item) {
  once(sentEvents.has("MFA") ? "LOGIN_MFA_SUCCESS" : "LOGIN_SUCCESS", { item });
  once("LOGIN_STEP_COMPLETED", { item });
}

export function hide() {
  window.parent.postMessage(JSON.stringify({ type: "CONTINUE_IN_BACKGROUND" }), "*");
  callProp("onHideProp");
  host.props.hide?.();
}

// A response of the API that is not 2xx, or no response. The message is in the user's language if there is a text.
export class ApiError extends Error {
  constructor(status, body) {
    const { errors, sessionOver, tooMany } = host.texts;
    const byStatus = { 0: host.texts.offline, 401: sessionOver, 403: sessionOver, 429: tooMany }[status];
    super(errors[body.codeDescription] || byStatus || body.message || `HTTP ${status}`);
    this.code = body.codeDescription;
    this.details = body.details || [];
  }
}

export async function api(method, path, body) {
  const headers = { "X-API-KEY": host.props.connectToken, "Content-Type": "application/json" };
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
  const json = await response?.json().catch(() => ({}));
  if (!response?.ok) throw new ApiError(response?.status ?? 0, json || {});
  return json;
}
