// Actions of the control panel: call the control API, show the result, refresh the page.
let toastTimer;
let refresh = () => {};

// Sets the function that runs after every action.
export function afterEachAction(callback) {
  refresh = callback;
}

export async function call(method, path, body) {
  const response = await fetch(`/_control${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  const result = await response.json().catch(() => ({ message: `${response.status} without JSON` }));
  if (!response.ok) throw new Error(result.message || response.statusText);
  return result;
}

export function toast(text, wrong = false) {
  const element = document.getElementById("toast");
  element.textContent = text;
  element.classList.toggle("wrong", wrong);
  element.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => element.classList.remove("shown"), wrong ? 8000 : 3500);
}

// Returns an event handler that calls the control API and shows a text, or the text that `done` makes of the result.
export function action(method, path, body, done) {
  return async () => {
    try {
      const result = await call(method, path, body);
      toast(typeof done === "function" ? done(result) : done);
    } catch (error) {
      toast(error.message, true);
    }
    await refresh();
  };
}
