const jsc = { target: 'es2022', parser: { syntax: 'typescript' } };

module.exports = {
  testMatch: ['**/jest.spec.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc }] },
};
