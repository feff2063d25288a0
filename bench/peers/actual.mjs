// Spending by category in Actual Budget: a budget made of a file of rows, then the query, so many times.
//   node actual.mjs <where @actual-app/api is installed> <folder> <rows.json> <turns>
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [installed, folder, file, turns] = process.argv.slice(2);
const api = createRequire(join(resolve(installed), 'package.json'))('@actual-app/api');
const AT_ONCE = 10_000;
const { rows, categories } = JSON.parse(readFileSync(file, 'utf8'));
console.log = () => {}; // the library tells what it does; the last line is ours

mkdirSync(folder, { recursive: true });
await api.init({ dataDir: folder });
await api.runImport('bench', async () => {
  const account = await api.createAccount({ name: 'Conta' }, 0);
  const group = await api.createCategoryGroup({ name: 'Spending' });
  const ids = {};
  for (const name of categories) ids[name] = await api.createCategory({ name, group_id: group });
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    const some = rows.slice(start, start + AT_ONCE).map(([date, amount, imported_payee, category]) => ({
      date, amount, imported_payee, category: category ? ids[category] : null,
    }));
    await api.addTransactions(account, some, { learnCategories: false, runTransfers: false });
  }
});

const query = api.q('transactions')
  .filter({ 'category.group.name': 'Spending' })
  .groupBy('category.name')
  .select(['category.name', { total: { $sum: '$amount' } }]);
const took = [];
let answer;
for (let turn = 0; turn < Number(turns); turn++) {
  const begun = performance.now();
  answer = await api.aqlQuery(query);
  took.push(performance.now() - begun);
}
const sums = Object.fromEntries(answer.data.map((one) => [one['category.name'], one.total]));
process.stdout.write(`\n${JSON.stringify({ milliseconds: Math.min(...took), sums })}\n`);
await api.shutdown();
