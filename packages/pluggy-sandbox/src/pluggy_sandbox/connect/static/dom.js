// Helpers that build the page: elements, the stage, and labelled fields.
import { host } from "./host.js";

let turn = 0; // counts the steps shown; code that polls an item stops when another step is shown

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

// Shows a step and moves the focus there, for keyboards and screen readers.
// Returns a function that tells whether this step is still shown.
export function show(step, ...children) {
  const stage = document.getElementById("stage");
  const current = ++turn;
  stage.dataset.step = step;
  stage.replaceChildren(...children.filter((child) => child != null));
  (stage.querySelector("[data-focus]") || stage.querySelector("input, select") || stage).focus();
  stage.scrollTop = 0;
  return () => current === turn;
}

export function button(text, testid, onclick, attributes = {}) {
  return element("button", { type: "button", "data-testid": testid, onclick, ...attributes }, text);
}

// One credential of a connector (or an MFA parameter) as a labelled input with room for its error.
export function field(credential, value = "") {
  const id = `field-${credential.name}`;
  const { labels } = host.texts;
  const texts = { label: labels[credential.name] || credential.label, help: (!labels.isForeign && credential.assistiveText) || "" };
  const common = { id, name: credential.name, "aria-describedby": `${id}-help`, required: !credential.optional };
  const isNumber = ["number", "image"].includes(credential.type);
  const control = credential.type === "select"
    ? element("select", common, ...(credential.options || []).map((o) => element("option", { value: o.value }, o.label)))
    : element("input", {
      ...common, type: credential.type === "password" ? "password" : "text", value, placeholder: credential.placeholder,
      autocomplete: credential.mfa ? "one-time-code" : "off", autocapitalize: "none", spellcheck: "false",
      inputmode: isNumber ? "numeric" : null,
    });
  const picture = credential.type === "image" && credential.data
    ? element("img", { class: "code", alt: texts.label, src: `data:image/png;base64,${credential.data}` }) : null;
  const help = element("p", { id: `${id}-help`, class: "help" }, texts.help);
  control.addEventListener("input", () => {
    control.removeAttribute("aria-invalid");
    help.textContent = texts.help;
    help.classList.remove("wrong");
  });
  return element("div", { class: "field" }, element("label", { for: id }, texts.label), picture, control, help);
}

export function complain(form, name, message) {
  const control = form.elements[name];
  const help = document.getElementById(`field-${name}-help`);
  if (!control || !help) return false;
  control.setAttribute("aria-invalid", "true");
  help.textContent = message;
  help.classList.add("wrong");
  control.focus();
  return true;
}
