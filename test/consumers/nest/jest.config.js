module.exports = {
  testMatch: ['**/app.spec.ts'],
  transform: { '\\.ts$': 'ts-jest' },
};
