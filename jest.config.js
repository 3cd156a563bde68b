const swc = [
  '@swc/jest',
  { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' }, sourceMaps: 'inline' },
]

// Times without a zone are UTC, wherever a process runs: a test that forgets it fails.
process.env.TZ = 'Asia/Tokyo'

/** Tests run the sources through swc; stories that need whole processes start the compiled ones in dist/. */
module.exports = {
  testEnvironment: '<rootDir>/tests/support/environment.js',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  runtime: '<rootDir>/tests/support/runtime.js',
  // The schema engine's glue is an ES module, which jest's loader cannot require.
  transform: { '^.+\\.ts$|/@prisma/schema-engine-wasm/.+\\.js$': swc },
  transformIgnorePatterns: ['/node_modules/(?!@prisma/schema-engine-wasm/)'],
  globalSetup: '<rootDir>/tests/support/global-setup.ts',
  globalTeardown: '<rootDir>/tests/support/global-teardown.ts',
  testSequencer: '<rootDir>/tests/support/sequencer.js',
  testTimeout: 60_000,
  // Tests wait for half of their time: five of them fill two cores, four leave a tenth.
  maxWorkers: 5,
}
