// One Jest configuration for the whole repository; TEST_LEVEL chooses which files run (see tools/test.mts).
// Tests are compiled to CommonJS by swc; Node >= 24.9 with --experimental-vm-modules lets them require() ESM-only packages.
const matches = {
  unit: ['<rootDir>/{packages,apps}/*/src/**/!(*.int).test.ts', '<rootDir>/tests/unit/**/*.test.ts'],
  integration: ['<rootDir>/{packages,apps}/*/src/**/*.int.test.ts', '<rootDir>/tests/integration/**/*.test.ts'],
  e2e: ['<rootDir>/tests/e2e/**/*.test.ts'],
  faults: ['<rootDir>/tests/faults/**/*.test.ts'],
  browser: ['<rootDir>/tests/browser/**/*.test.ts'],
};

const level = process.env.TEST_LEVEL ?? 'unit';

module.exports = {
  rootDir: __dirname,
  testEnvironment: 'node',
  testMatch: matches[level],
  setupFilesAfterEnv: ['e2e', 'faults', 'browser'].includes(level)
    ? ['<rootDir>/tests/support/judge-every-answer.ts']
    : [],
  testSequencer: '<rootDir>/tools/test/slow-first.mts',
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.reelay/'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testTimeout: { unit: 10_000, integration: 30_000 }[level] ?? 120_000,
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
};
