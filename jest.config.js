// Tests run on the sources, as CommonJS, so that `npx jest` needs neither a flag nor a build.
const swc = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    keepClassNames: true,
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
  },
  module: { type: 'commonjs' },
};

export default {
  testEnvironment: '<rootDir>/test/support/forgetful-environment.js',
  testSequencer: '<rootDir>/test/support/long-files-first.js',
  // Tests start real servers; on a busy machine that takes a while.
  testTimeout: process.env.SALLYPORT_NIGHTLY === '1' ? 600_000 : 30_000,
  maxWorkers: '100%',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  fakeTimers: { doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] },
  modulePathIgnorePatterns: ['<rootDir>/packages/[^/]+/dist/', '<rootDir>/examples/[^/]+/dist/'],
  moduleNameMapper: {
    '^@sallyport/(\\w+)/extend$': '<rootDir>/packages/$1/src/extend.ts',
    '^@sallyport/core/redis$': '<rootDir>/packages/core/src/stores/redis/index.ts',
    '^@sallyport/core/(audit|opentelemetry)$': '<rootDir>/packages/core/src/events/$1/index.ts',
    '^@sallyport/(\\w+)/(.*)$': '<rootDir>/packages/$1/src/$2/index.ts',
    '^@sallyport/(\\w+)$': '<rootDir>/packages/$1/src/index.ts',
    // Has no entry for require().
    '^@octokit/webhooks-methods$': '<rootDir>/node_modules/@octokit/webhooks-methods/dist-node/index.js',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '^.+\\.[cm]?[jt]s$': ['@swc/jest', swc] },
  // Packages that ship as ES modules only.
  transformIgnorePatterns: [
    '/node_modules/(?!(?:.*/node_modules/)?(?:jose|oauth4webapi|openid-client|@octokit/webhooks-methods|@nestjs|@seriousme/openapi-schema-validator)/)',
  ],
};
