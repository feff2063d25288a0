// Posts JSON to the server.
const csrfToken = document.querySelector('#connect [name="csrfmiddlewaretoken"]').value;

// Resolves to { answer } or to { problem }, a text or the name of one; never rejects.
export const post = async (url, body) => {
  const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': csrfToken };
  let response;
  try {
    response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  } catch {
    return { problem: 'offline' };
  }
  if (response.redirected) location.reload(); // the session has ended: the page then leads to the sign-in
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return { answer };
  return { problem: response.status === 429 ? 'tooMany' : answer.error || 'failed' };
};
