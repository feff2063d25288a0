// The list of transactions. Its form works without JavaScript.
import './transactions/focus.js';
import './transactions/selection.js';
