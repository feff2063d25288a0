// Measure spending by category in Actual Budget: import a file of transactions, then run the query repeatedly.
//   node actual.mjs <folder of the npm installation> <data folder> <rows.json> <turns>
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [installed, folder, file, turns] = process.argv.slice(2);
const api = createRequire(join(resolve(installed), 'package.json'))('@actual-app/api');
const BATCH_SIZE = 10_000;
const { rows, categories } = JSON.parse(readFileSync(file, 'utf8'));
console.log = () => {}; // the library logs; only our last line must go to stdout

mkdirSync(folder, { recursive: true });
await api.init({ dataDir: folder });
await api.runImport('bench', async () => {
  const account = await api.createAccount({ name: 'Conta' }, 0);
  const group = await api.createCategoryGroup({ name: 'Spending' });
  const ids = {};
  for (const name of categories) ids[name] = await api.createCategory({ name, group_id: group });
  for (let start = 0; start < rows.length; start += BATCH_SIZE) {
    const some = rows.slice(start, start + BATCH_SIZE).map(([date, amount, imported_payee, category]) => ({
      date, amount, imported_payee, category: category ? ids[category] : null,
    }));
    await api.addTransactions(account, some, { learnCategories: false, runTransfers: false });
  }
});

const query = api.q('transactions')
  .filter({ 'category.group.name': 'Spending' })
  .groupBy('category.name')
  .select(['category.name', { total: { $sum: '$amount' } }]);
const times = [];
let result;
for (let turn = 0; turn < Number(turns); turn++) {
  const started = performance.now();
  result = await api.aqlQuery(query);
  times.push(performance.now() - started);
}
const sums = Object.fromEntries(result.data.map((line) => [line['category.name'], line.total]));
process.stdout.write(`\n${JSON.stringify({ milliseconds: Math.min(...times), sums })}\n`);
await api.shutdown();
