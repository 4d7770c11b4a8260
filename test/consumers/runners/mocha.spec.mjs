import { it } from 'mocha';
import { proofs } from './compiled/program.mjs';

for (const [title, prove] of proofs) it(title, prove);
