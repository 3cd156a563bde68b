import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Child, Ground } from './harness'
import { rest } from './wait'

const run = promisify(execFile)
const MB = 1024 * 1024

/** Looks again and again until told to stop. */
export function watch<T>(everyMs: number, look: () => Promise<T>): { stop(): Promise<T[]> } {
  const seen: T[] = []
  let stopped = false
  const work = async () => {
    for (; !stopped; await rest(everyMs)) seen.push(await look())
  }
  const looking = work()
  return {
    async stop() {
      stopped = true
      await looking
      return seen
    },
  }
}

/** Resident memory of a process now, MB; 0 of one that is gone. */
export async function rssOf({ process: { pid } }: Child): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({ stdout: '0' }))
  return Number(stdout) / 1024
}

/** The memory the worker's last beat told, MB; 0 before the first. */
export async function beatOf({ db }: Ground): Promise<number> {
  const [row] = await db.query<{ rss: bigint | null }>(
    `select rss_bytes as rss from backhaul.workers where app = 'worker-atproto' order by beat_at desc limit 1`,
  )
  return Number(row?.rss ?? 0) / MB
}
