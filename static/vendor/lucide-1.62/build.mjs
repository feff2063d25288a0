// Packs the icons that the product uses into one sprite. Run: see ../MANIFEST.md.
import fs from 'node:fs/promises';

const [source, target] = process.argv.slice(2);
const NAMES = `arrow-down arrow-down-left arrow-left arrow-left-right arrow-right arrow-up arrow-up-right
  baby banknote book-open building-2 calendar car chart-pie check chevron-down chevron-left chevron-right
  chevrons-up-down circle-alert circle-check circle-question-mark clock coins credit-card download ellipsis eye eye-off file-text
  funnel gift globe graduation-cap hand-coins fingerprint-pattern heart-pulse house info key-round keyboard landmark languages layout-dashboard
  link list-tree lock log-out mail monitor moon paw-print pencil piggy-bank plane plug plus receipt refresh-cw repeat search
  send settings shield-check shopping-bag shopping-cart smartphone sparkles sun tag ticket trash-2 trending-up
  triangle-alert tv unplug user utensils wallet wifi-off x`.split(/\s+/);

const symbol = async name => {
  const svg = await fs.readFile(`${source}/icons/${name}.svg`, 'utf8');
  const shapes = svg.replace(/<!--.*?-->/gs, '').replace(/<svg[^>]*>|<\/svg>/gs, '').replace(/\s*\n\s*/g, '');
  return `<symbol id="i-${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" `
    + `stroke-linecap="round" stroke-linejoin="round">${shapes.trim()}</symbol>`;
};
const symbols = await Promise.all(NAMES.map(symbol));
const notice = '<!-- lucide-static 1.62.0, ISC; see LICENSE.txt -->';
await fs.writeFile(target, `<svg xmlns="http://www.w3.org/2000/svg">${notice}\n${symbols.join('\n')}\n</svg>\n`);
