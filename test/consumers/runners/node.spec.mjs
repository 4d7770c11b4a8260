import { test } from 'node:test';
import { proofs } from './compiled/program.mjs';

for (const [title, prove] of proofs) test(title, prove);
