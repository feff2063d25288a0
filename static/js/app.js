// Loaded by every page. Everything here is also a form or a link that works without JavaScript.
import './shell/display.js'; // before forms.js, which ignores the forms that it has handled
import './shell/forms.js';
import './shell/menus.js';
import './shell/passwords.js';
import './shell/refresh.js';
import './shell/shortcuts.js';
