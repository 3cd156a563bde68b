import { run } from './process'
import { startWorker } from './worker-process'

void run(startWorker(process.argv[2] ?? ''))
