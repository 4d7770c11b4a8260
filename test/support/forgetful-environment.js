import { AsyncLocalStorage } from 'node:async_hooks';
import { TestEnvironment } from 'jest-environment-node';

/** Every storage that the file under test has used, also those of the runner itself. */
const inUse = new Set();

for (const method of ['run', 'enterWith']) {
  const original = AsyncLocalStorage.prototype[method];
  AsyncLocalStorage.prototype[method] = function (...args) {
    inUse.add(this);
    return original.apply(this, args);
  };
}

// Tests cause the problems on purpose that the library warns of: only other warnings are shown.
const [show] = process.listeners('warning');
if (show !== undefined) {
  process.off('warning', show);
  process.on('warning', (warning) => {
    if (warning.name !== 'SallyportWarning') show(warning);
  });
}

/**
 * Takes out of use what a file leaves in its worker. jest-circus makes an AsyncLocalStorage for each file and never
 * disables it. Up to Node 22, every promise of the process pays for every storage in use, so that promises cost fifty
 * times as much after thirty files.
 */
export default class ForgetfulEnvironment extends TestEnvironment {
  async teardown() {
    await super.teardown();
    for (const storage of inUse) storage.disable();
    inUse.clear();
  }
}
