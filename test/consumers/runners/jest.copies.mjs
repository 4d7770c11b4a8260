import { createRequire } from 'node:module';
import { test } from '@jest/globals';
import * as core from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import { copiesProofs } from './copies.cjs';

// By its path: on Node 24 and later, Jest knows `module-sync`, and both would be one copy.
const other = createRequire(import.meta.url)('./node_modules/@sallyport/core/dist/index.cjs');

test.each(copiesProofs(core, ask, other))('%s', (_title, prove) => prove());
