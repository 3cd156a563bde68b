import type { Writable } from 'node:stream'

/** Resolves when everything written to the stream before has been taken, or can no longer be. */
const flushed = (stream: Writable): Promise<void> => new Promise((resolve) => stream.write('', () => resolve()))

/**
 * Ends the process after its output has been taken: `process.exit` alone drops what a pipe had no room for (64 KiB on Linux).
 */
export async function leave(code: number): Promise<never> {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  process.exit(code)
}

/**
 * Treats a closed pipe (`| head`) as no error: nobody reads what would be printed on stdout, so the process ends with 0;
 * without stderr it continues. Output that cannot be written for another reason (a full disk) ends it with 1.
 */
export function allowClosedPipes(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    process.stderr.write(`The output cannot be written: ${error.message}.\n`)
    process.exit(1)
  })
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}
