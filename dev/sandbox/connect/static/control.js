// Buttons of the control room: each posts its JSON and shows the room again.
const say = (problem) => window.alert(problem.message || problem);

async function press(button) {
  if (button.dataset.sure && !window.confirm(button.dataset.sure)) return;
  const method = button.dataset.delete ? "DELETE" : "POST";
  const answer = await fetch(button.dataset.delete || button.dataset.post, { method, body: button.dataset.body || "{}" });
  if (!answer.ok) return say(await answer.json());
  window.location.reload();
}

for (const button of document.querySelectorAll("button")) button.addEventListener("click", () => press(button).catch(say));
