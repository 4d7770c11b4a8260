const { test } = require('node:test');
const { bothProofs } = require('./both.cjs');

for (const [title, prove] of bothProofs((door) => import(door), require)) test(title, prove);
