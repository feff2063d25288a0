// Selects transactions for a bulk edit, with Shift also all in between, and shows how many are selected.
const BOX = 'input[name="transaction"]';
const boxes = () => [...document.querySelectorAll(BOX)];
let lastBox = null;

const showCount = () => {
  const all = boxes();
  const count = all.filter(box => box.checked).length;
  for (const output of document.querySelectorAll('[data-selected-count]')) output.textContent = count;
  const selectAll = document.querySelector('[data-select-all]');
  if (!selectAll) return;
  selectAll.checked = count > 0 && count === all.length;
  selectAll.indeterminate = count > 0 && !selectAll.checked;
};

const setAll = checked => {
  for (const box of boxes()) box.checked = checked;
  showCount();
};

const setRange = (first, last, checked) => {
  const all = boxes();
  const [from, to] = [all.indexOf(first), all.indexOf(last)].sort((a, b) => a - b);
  if (from < 0) return;
  for (const box of all.slice(from, to + 1)) box.checked = checked;
};

document.addEventListener('click', event => {
  if (event.target.closest('[data-select-none]')) setAll(false);
  const box = event.target.closest(BOX);
  if (!box) return;
  if (event.shiftKey) setRange(lastBox, box, box.checked);
  lastBox = box;
  showCount();
});

document.addEventListener('change', event => {
  if (event.target.matches('[data-select-all]')) setAll(event.target.checked);
  else if (event.target.matches(BOX)) showCount();
});

addEventListener('pageshow', showCount);
document.addEventListener('htmx:afterSettle', showCount);
