import { test } from '@jest/globals';
import { proofs } from './compiled/program.mjs';

test.each(proofs)('%s', (_title, prove) => prove());
