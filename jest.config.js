const swc = [
  '@swc/jest',
  { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' }, sourceMaps: 'inline' },
]

// Times without a zone are UTC, wherever a process runs: a test that forgets it fails.
process.env.TZ = 'Asia/Tokyo'

/** Dependencies that come as ES modules, and those that import one when they run: jest's loader cannot require them on Node 20. */
const modules = [
  '@prisma/schema-engine-wasm',
  'hyparquet',
  'hyparquet-writer',
  '@fastify/cookie',
  '@fastify/static',
  'content-disposition',
  'cookie',
  '@atcute/[a-z0-9-]+',
  '@noble/secp256k1',
  'esm-env',
  'unicode-segmenter',
]

/** Tests run the sources through swc; stories that need whole processes start the compiled ones in dist/. */
module.exports = {
  testEnvironment: '<rootDir>/tests/support/environment.js',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': swc,
    [`/node_modules/(${modules.join('|')})/.+\\.js$`]: swc,
  },
  transformIgnorePatterns: [`/node_modules/(?!(${modules.join('|')})/)`],
  globalSetup: '<rootDir>/tests/support/global-setup.ts',
  globalTeardown: '<rootDir>/tests/support/global-teardown.ts',
  testSequencer: '<rootDir>/tests/support/sequencer.js',
  testTimeout: 60_000,
  // Tests wait for most of their time: four of them fill two cores.
  maxWorkers: 4,
}
