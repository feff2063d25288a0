// Calls every method of the published client against the local Pluggy; prints the number of methods, or fails.
// Environment: PLUGGY_API_URL, CLIENT_ID, CLIENT_SECRET, ITEM_ID (an item with records of every kind).
import assert from "node:assert/strict";
import pluggy from "pluggy-sdk";

const { PluggyClient } = pluggy;
const GOOD = { user: "user-ok", password: "password-ok" };
const called = new Set();

const client = new Proxy(
  new PluggyClient({ clientId: process.env.CLIENT_ID, clientSecret: process.env.CLIENT_SECRET }),
  {
    get(target, name) {
      if (typeof PluggyClient.prototype[name] === "function") called.add(name);
      return target[name];
    },
  },
);

/** Asserts the type of each named field: a typeof word, or a class. */
function shaped(thing, shape) {
  for (const [name, type] of Object.entries(shape)) {
    const right = typeof type === "string" ? typeof thing[name] === type : thing[name] instanceof type;
    assert.ok(right, `${name} is ${JSON.stringify(thing[name])}, not ${type.name ?? type}`);
  }
  return thing;
}

/** Asserts a page envelope of things of a shape, and gives the things. */
function paged(page, shape) {
  shaped(page, { page: "number", total: "number", totalPages: "number", results: Array });
  assert.ok(page.results.length > 0, "an empty page shows nothing");
  return page.results.map((one) => shaped(one, shape));
}

async function settled(id, ...states) {
  for (;;) {
    const item = await client.fetchItem(id);
    if (!["UPDATING", "MERGING", ...states].includes(item.status)) return item;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function items() {
  const item = { id: "string", status: "string", executionStatus: "string", createdAt: Date, connector: Object };
  paged(await client.fetchConnectors({ sandbox: true, types: ["PERSONAL_BANK"] }), { id: "number", name: "string" });
  shaped(await client.fetchConnector(2), { id: "number", credentials: Array, health: Object });
  assert.deepEqual((await client.validateParameters(2, GOOD)).errors, []);
  const made = shaped(await client.createItem(5, GOOD, { clientUserId: "node" }), item);
  assert.equal((await settled(made.id)).status, "WAITING_USER_INPUT");
  shaped(await client.updateItemMFA(made.id, { token: "123456" }), item);
  assert.equal((await settled(made.id)).executionStatus, "SUCCESS");
  shaped(await client.updateItem(made.id, GOOD), item);
  await settled(made.id);
  shaped(await client.createConnectToken(made.id, { clientUserId: "node" }), { accessToken: "string" });
  await client.deleteItem(made.id);
  await assert.rejects(client.fetchItem(made.id), (body) => body.codeDescription === "ITEM_NOT_FOUND");
}

async function money(itemId) {
  const account = { id: "string", balance: "number", number: "string", createdAt: Date };
  const [bank] = paged(await client.fetchAccounts(itemId, "BANK"), account);
  const [card] = paged(await client.fetchAccounts(itemId, "CREDIT"), account);
  shaped(await client.fetchAccount(bank.id), account);
  const row = { id: "string", amount: "number", date: Date, description: "string", type: "string" };
  const first = await client.fetchTransactionsCursor(card.id);
  first.results.forEach((one) => shaped(one, row));
  const all = await client.fetchAllTransactions(card.id);
  assert.ok(all.length > first.results.length && first.next.startsWith("?"));
  await assert.rejects(client.fetchTransactions(card.id), (body) => body.code === 410);
  shaped(await client.fetchTransaction(all[0].id), row);
  assert.equal((await client.updateTransactionCategory(all[0].id, "08010000")).categoryId, "08010000");
  const [bill] = paged(await client.fetchCreditCardBills(card.id), { id: "string", totalAmount: "number", dueDate: Date });
  shaped(await client.fetchCreditCardBill(bill.id), { totalAmountCurrencyCode: "string" });
  paged(await client.fetchAccountStatements(bank.id), { id: "string", monthYear: "string", url: "string" });
}

async function records(itemId) {
  const investment = { id: "string", balance: "number", type: "string", date: Date };
  const [first] = paged(await client.fetchInvestments(itemId, "FIXED_INCOME"), investment);
  shaped(await client.fetchInvestment(first.id), investment);
  paged(await client.fetchInvestmentTransactions(first.id), { id: "string", type: "string", date: Date });
  assert.ok((await client.fetchAllInvestmentTransactions(first.id)).length > 0);
  const [loan] = paged(await client.fetchLoans(itemId), { id: "string", productName: "string" });
  shaped(await client.fetchLoan(loan.id), { kind: "string" });
  const [consent] = paged(await client.fetchConsents(itemId), { id: "string", products: Array, createdAt: Date });
  shaped(await client.fetchConsent(consent.id), { itemId: "string" });
  const holder = shaped(await client.fetchIdentityByItemId(itemId), { id: "string", fullName: "string" });
  shaped(await client.fetchIdentity(holder.id), { itemId: "string" });
}

async function application() {
  paged(await client.fetchCategories(), { id: "string", description: "string" });
  shaped(await client.fetchCategory("11000000"), { descriptionTranslated: "string" });
  const created = await client.createWebhook("item/deleted", "http://localhost:9/node", {});
  shaped(created, { id: "string", createdAt: Date });
  const hooks = paged(await client.fetchWebhooks(), { id: "string", url: "string", event: "string" });
  const made = hooks.find((hook) => hook.id === created.id);
  shaped(await client.fetchWebhook(made.id), { createdAt: Date });
  const moved = await client.updateWebhook(made.id, { event: "item/error", url: made.url, enabled: true });
  assert.equal(moved.event, "item/error");
  await client.deleteWebhook(made.id);
}

await items();
await money(process.env.ITEM_ID);
await records(process.env.ITEM_ID);
await application();
const methods = Object.getOwnPropertyNames(PluggyClient.prototype).filter((name) => name !== "constructor");
assert.deepEqual(methods.filter((name) => !called.has(name)), []);
console.log(`${methods.length} methods`);
