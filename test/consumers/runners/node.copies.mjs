import { createRequire } from 'node:module';
import { test } from 'node:test';
import * as core from '@sallyport/core';
import { ask } from '@sallyport/core/testing';
import { copiesProofs } from './copies.cjs';

// By its path, past the conditions that would lead to the copy above.
const other = createRequire(import.meta.url)('./node_modules/@sallyport/core/dist/index.cjs');

for (const [title, prove] of copiesProofs(core, ask, other)) test(title, prove);
