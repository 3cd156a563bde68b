import type { Reader } from '../base/sql'

/*
 * Starts of processes, for people: which version runs, since when, what was restarted and what crashed.
 */

/** `host:pid:random`, as `newWorkerId` makes it. */
export const hostOf = (id: string): string => id.slice(0, id.indexOf(':'))
const pidOf = (id: string): number => Number(id.split(':')[1])

/** Whether this host runs such a process. Hosts that share a name may be wrong about each other, which costs one request. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export interface Started {
  id: string
  /** PM2 app. */
  app: string
  /** What was deployed: a version, or a name such as a commit. */
  version?: string
}

/** Records that a process has started, and which of its host did not stop by themselves. */
export async function noteStart(db: Reader, { id, app, version = '' }: Started): Promise<void> {
  const host = hostOf(id)
  const open = await db.query<{ process: string }>(`select process from backhaul.starts where host = $1 and ended_at is null`, [host])
  await noteLost(
    db,
    open.filter(({ process }) => !lives(pidOf(process))).map(({ process }) => ({ id: process })),
  )
  await db.query(
    `insert into backhaul.starts (process, app, host, version, before)
     values ($1, $2, $3, $4, (select version from backhaul.starts where app = $2 and host = $3 order by id desc limit 1))`,
    [id, app, host, version],
  )
}

/** Records that a process stopped by itself. */
export async function noteStop(db: Reader, id: string): Promise<void> {
  await db.query(`update backhaul.starts set ended_at = clock_timestamp() where process = $1 and ended_at is null`, [id])
}

/** A process that is gone, and when it last sent a heartbeat; absent: it sends none, or nobody knows. */
export interface Lost {
  id: string
  seenAt?: Date
}

/** Records that processes are gone which did not stop by themselves. */
export async function noteLost(db: Reader, lost: readonly Lost[]): Promise<void> {
  if (lost.length === 0) return
  await db.query(
    `update backhaul.starts s set ended_at = coalesce(l.seen_at, clock_timestamp()), lost = true
       from unnest($1::text[], $2::timestamptz[]) as l(process, seen_at) where s.process = l.process and s.ended_at is null`,
    [lost.map(({ id }) => id), lost.map(({ seenAt }) => seenAt ?? null)],
  )
}
