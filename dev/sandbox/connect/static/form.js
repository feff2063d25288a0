// A form made of an institution's credentials: checked here first, then by the API.
import { complain, element, field } from "./dom.js";
import { host } from "./host.js";

export function asForm(credentials, known, submitText, send, failed) {
  const submit = element("button", { type: "submit", class: "main", "data-testid": "connect-submit" }, submitText);
  const form = element("form", { novalidate: true, "data-testid": "connect-form" },
    ...credentials.map((credential) => field(credential, known[credential.name] || "")), submit);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    if (!allRight(form, credentials, values)) return;
    submit.disabled = true;
    await send(values).catch((problem) => refused(form, credentials, problem, failed));
    submit.disabled = false;
  });
  return form;
}

function allRight(form, credentials, values) {
  const wrong = credentials.filter((one) => (values[one.name]
    ? one.validation && !new RegExp(one.validation).test(values[one.name]) : !one.optional));
  for (const one of wrong.reverse()) complain(form, one.name, whatIsWrong(one, values[one.name]));
  return !wrong.length;
}

function whatIsWrong(credential, value) {
  const { required, malformed, labels } = host.texts;
  if (!value) return required;
  return (!labels.isForeign && credential.validationMessage) || malformed;
}

function refused(form, credentials, problem, failed) {
  const named = (problem.details || []).filter((detail) => {
    const credential = credentials.find((one) => one.name === detail.parameter);
    return credential && complain(form, detail.parameter, whatIsWrong(credential, form.elements[detail.parameter]?.value));
  });
  if (!named.length) failed(problem);
}
