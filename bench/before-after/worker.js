// A process that measures the rows it is told, in all builds. Each row has several processes, since the compiler settles
// differently in each of them.

import { loaderOf } from './builds.js';
import { FIRST_USES } from './first-use-rows.js';
import { FRAMEWORK_ROWS } from './framework-rows.js';
import { MEMORY } from './memory-rows.js';
import { REMEMBERED } from './remembered-rows.js';
import { measureRow } from './rounds.js';
import { ROUTES } from './route-rows.js';

const ROWS = [...REMEMBERED, ...ROUTES, ...FIRST_USES, ...FRAMEWORK_ROWS, ...MEMORY];

process.on('message', async (message) => {
  if (message === 'rows') {
    process.send(ROWS.map(({ group, name, isMemory = false }) => ({ group, name, isMemory })));
    return;
  }
  const { name, folders, settings } = message;
  const builds = folders.map(([build, folder]) => ({ name: build, load: loaderOf(folder) }));
  process.send(
    await measureRow(
      ROWS.find((row) => row.name === name),
      builds,
      settings,
      settings.isQuick,
    ),
  );
});
process.on('disconnect', () => process.exit());
