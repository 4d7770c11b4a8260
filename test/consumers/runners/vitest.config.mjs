export default { test: { include: ['vitest.spec.ts', 'vitest.both.mjs'] } };
