module.exports = {
  testMatch: ['**/jest.spec.ts'],
  transform: { '\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.ts-jest.json' }] },
};
