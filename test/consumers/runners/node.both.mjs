import { createRequire } from 'node:module';
import { test } from 'node:test';
import { bothProofs } from './both.cjs';

const proofs = bothProofs((door) => import(door), createRequire(import.meta.url));
for (const [title, prove] of proofs) test(title, prove);
