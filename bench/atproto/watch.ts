import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Child, Ground } from '../harness'
import { rest } from '../wait'

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

/** Processor time a process has used, ms; not a number where the system does not keep it in /proc. */
export async function cpuOf({ process: { pid } }: Child): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // Ticks of 10 ms; the name before the last bracket may hold spaces.
  const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12)
  return (Number(user) + Number(system)) * 10
}

/** The memory the worker's last heartbeat told, MB; 0 before the first. */
export async function heartbeatOf({ db }: Ground): Promise<number> {
  const [row] = await db.query<{ rss: bigint | null }>(
    `select rss_bytes as rss from backhaul.workers where app = 'worker-atproto' order by heartbeat_at desc limit 1`,
  )
  return Number(row?.rss ?? 0) / MB
}
