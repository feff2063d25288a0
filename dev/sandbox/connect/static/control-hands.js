// The hands of the control room: ask the local Pluggy, say how it went, look again.
let toastTimer;
let lookAgain = () => {};

// What is to happen after every press.
export function whenPressed(callback) {
  lookAgain = callback;
}

export async function ask(method, path, body) {
  const answer = await fetch(`/_control${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  const told = await answer.json().catch(() => ({ message: `${answer.status} without JSON` }));
  if (!answer.ok) throw Object.assign(new Error(told.message || answer.statusText), { told });
  return told;
}

export function toast(text, wrong = false) {
  const place = document.getElementById("toast");
  place.textContent = text;
  place.classList.toggle("wrong", wrong);
  place.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => place.classList.remove("shown"), wrong ? 8000 : 3500);
}

// What a button does.
export function press(method, path, body, done) {
  return async () => {
    try {
      const told = await ask(method, path, body);
      toast(typeof done === "function" ? done(told) : done);
    } catch (problem) {
      toast(problem.message, true);
    }
    await lookAgain();
  };
}
