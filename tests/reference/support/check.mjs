import { missing } from './product.mjs'

const fault = missing()
if (fault) {
  process.stderr.write(`${fault}\n`)
  process.exitCode = 78
}
