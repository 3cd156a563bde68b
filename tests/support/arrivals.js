/**
 * A server in a thread of its own: it notes when requests arrive, however busy the thread of the tests is, and how much earlier each may
 * have come (`lateMs`), because the processor is shared. Paths in `workerData` fail once.
 */
const { createServer } = require('node:http')
const { parentPort, workerData } = require('node:worker_threads')
const { watchLateness } = require('../../dist/backend/sandbox/lateness')

const failing = new Set(workerData)
const lateness = watchLateness(() => performance.now())
const server = createServer((request, response) => {
  parentPort.postMessage({ path: request.url, at: performance.now(), lateMs: lateness.now() })
  response.writeHead(failing.delete(request.url) ? 500 : 200, { 'content-type': 'application/json' }).end('{}')
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }))
