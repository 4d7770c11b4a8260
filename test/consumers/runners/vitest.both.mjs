import { createRequire } from 'node:module';
import { test } from 'vitest';
import { bothProofs } from './both.cjs';

const proofs = bothProofs((door) => import(door), createRequire(import.meta.url));
test.each(proofs)('%s', (_title, prove) => prove());
