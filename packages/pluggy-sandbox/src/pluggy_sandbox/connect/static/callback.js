// After the bank's page: close the pop-up. On a phone there is none: then go back to the application.
const CLOSING_MS = 400;
window.close();
setTimeout(() => document.getElementById("target") && window.location.replace(document.getElementById("target").href), CLOSING_MS);
