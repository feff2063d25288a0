// The page's surroundings: the widget's props, its callbacks, the words in its language, and the API behind it.
import { textsFor } from "./texts.js";

export const host = { props: {}, texts: textsFor("pt") };
let told = new Set(); // events already sent in this run

export const tell = (name, ...given) => Promise.resolve(host.props[name]?.(...given)).catch(() => {});
export const emit = (event, more = {}) => tell("onEventProp", { timestamp: Date.now(), event, ...more });
export const leave = () => host.props.close?.();
export const named = (text, name) => text.replace("{name}", name);

export function enter(props) {
  host.props = props;
  host.texts = textsFor(props.language);
}

export function newRun() {
  told = new Set();
}

function once(event, more) {
  if (told.has(event)) return;
  told.add(event);
  emit(event, more);
}

export function codeSent() {
  emit("SUBMITTED_MFA");
  told.add("MFA");
}

export function loggedIn(item) {
  once(told.has("MFA") ? "LOGIN_MFA_SUCCESS" : "LOGIN_SUCCESS", { item });
  once("LOGIN_STEP_COMPLETED", { item });
}

export function hide() {
  window.parent.postMessage(JSON.stringify({ type: "CONTINUE_IN_BACKGROUND" }), "*");
  tell("onHideProp");
  host.props.hide?.();
}

// An answer of the API that is not 2xx, or no answer at all, said in the person's language where it is known.
export class Refused extends Error {
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
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
  const json = await answer?.json().catch(() => ({}));
  if (!answer?.ok) throw new Refused(answer?.status ?? 0, json || {});
  return json;
}
