const { test } = require('node:test');
const { proofs } = require('./compiled/program.cjs');

for (const [title, prove] of proofs) test(title, prove);
