/** Several workers in one process, where a test needs them and kills none of them: node workers.js worker-esi-character worker-esi-type */
const { run } = require('../../dist/backend/bin/process')
const { startWorker } = require('../../dist/backend/bin/worker-process')

void run(async (...given) => {
  const programs = await Promise.all(process.argv.slice(2).map((app) => startWorker(app)(...given)))
  return { stop: () => Promise.all(programs.map((program) => program.stop())) }
})
