/** Prints the last line of a test run from jest's results; exits with 1 if anything failed or nothing ran. */
const { existsSync, readFileSync } = require('node:fs')

const [path] = process.argv.slice(2)
if (!existsSync(path)) {
  console.log('0 passed, 0 failed (the test runner left no results)')
  process.exit(1)
}
const results = JSON.parse(readFileSync(path, 'utf8'))
// A file that cannot be loaded has no tests, but counts as failed.
const passed = results.numPassedTests
const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
for (const file of results.testResults.filter(({ status }) => status === 'failed')) {
  console.log(`failed: ${file.name.replace(`${process.cwd()}/`, '')}`)
}
if (results.numPendingTests > 0) console.log(`${results.numPendingTests} skipped`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(results.success && failed === 0 && passed > 0 ? 0 : 1)
