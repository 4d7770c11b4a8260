const presets = [['@babel/preset-env', { targets: { node: 'current' } }], '@babel/preset-typescript'];

module.exports = {
  testMatch: ['**/jest.spec.ts'],
  transform: { '\\.ts$': ['babel-jest', { presets }] },
};
