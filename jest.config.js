const swc = [
  '@swc/jest',
  { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' }, sourceMaps: 'inline' },
]

/** Tests run the sources through swc; stories that need whole processes start the compiled ones in dist/. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': swc,
    // Dependencies that come as ES modules only; jest's loader cannot require those on Node 20.
    'schema_engine_bg\\.js$': swc,
    '/node_modules/hyparquet(-writer)?/.+\\.js$': swc,
  },
  transformIgnorePatterns: ['/node_modules/(?!@prisma/schema-engine-wasm/|hyparquet/|hyparquet-writer/)'],
  globalSetup: '<rootDir>/tests/support/global-setup.ts',
  globalTeardown: '<rootDir>/tests/support/global-teardown.ts',
  testSequencer: '<rootDir>/tests/support/sequencer.js',
  testTimeout: 60_000,
  maxWorkers: 2,
}
