// A form for an institution's credentials. It is checked here first, then by the API.
import { complain, element, field } from "./dom.js";
import { host } from "./host.js";

export function credentialForm(credentials, values, submitText, send, failed) {
  const submit = element("button", { type: "submit", class: "main", "data-testid": "connect-submit" }, submitText);
  const form = element("form", { novalidate: true, "data-testid": "connect-form" },
    ...credentials.map((credential) => field(credential, values[credential.name] || "")), submit);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const entered = Object.fromEntries(new FormData(form));
    if (!isValid(form, credentials, entered)) return;
    submit.disabled = true;
    await send(entered).catch((error) => showRefusal(form, credentials, error, failed));
    submit.disabled = false;
  });
  return form;
}

function isValid(form, credentials, values) {
  const invalid = credentials.filter((credential) => (values[credential.name]
    ? credential.validation && !new RegExp(credential.validation).test(values[credential.name]) : !credential.optional));
  for (const credential of invalid.reverse()) complain(form, credential.name, errorText(credential, values[credential.name]));
  return !invalid.length;
}

function errorText(credential, value) {
  const { required, malformed, labels } = host.texts;
  if (!value) return required;
  return (!labels.isForeign && credential.validationMessage) || malformed;
}

function showRefusal(form, credentials, error, failed) {
  const named = (error.details || []).filter((detail) => {
    const credential = credentials.find((credential) => credential.name === detail.parameter);
    return credential && complain(form, detail.parameter, errorText(credential, form.elements[detail.parameter]?.value));
  });
  if (!named.length) failed(error);
}
