const { it } = require('mocha');
const { proofs } = require('./compiled/program.cjs');

for (const [title, prove] of proofs) it(title, prove);
