// All tests of the pages, in one process: most of what they take is loading frameworks.
import './index-page.spec.js';
import './pages.spec.js';
import './tokens-out-today.spec.js';
