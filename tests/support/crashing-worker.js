/**
 * A worker that is killed, as by kill -9, or frozen when it reaches a named point for the n-th time:
 * node crashing-worker.js worker-backfill "after commit" 3 SIGKILL
 */
const { run } = require('../../dist/backend/bin/process')
const { startWorker } = require('../../dist/backend/bin/worker-process')

const [app, point, nth, signal] = process.argv.slice(2)
let left = Number(nth)
void run(
  startWorker(app, (reached) => {
    if (reached === point && --left === 0) process.kill(process.pid, signal)
  }),
)
