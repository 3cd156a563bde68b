import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Child } from './harness'
import { rest } from './wait'

const run = promisify(execFile)

/** Samples every so many ms until it is stopped. */
export function watch<T>(everyMs: number, sample: () => Promise<T>): { stop(): Promise<T[]> } {
  const seen: T[] = []
  let stopped = false
  const work = async () => {
    for (; !stopped; await rest(everyMs)) seen.push(await sample())
  }
  const sampling = work()
  return {
    async stop() {
      stopped = true
      await sampling
      return seen
    },
  }
}

/** Resident memory of a process now, MB; 0 of one that is gone. */
export async function rssOf({ process: { pid } }: Child): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({ stdout: '0' }))
  return Number(stdout) / 1024
}

/** Processor time a process has used, ms; not a number where the system does not keep it in /proc. */
export async function cpuOf({ process: { pid } }: Child): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // Ticks of 10 ms; the name before the last bracket may hold spaces.
  const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12)
  return (Number(user) + Number(system)) * 10
}
