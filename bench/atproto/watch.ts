import type { Ground } from '../base/harness'

const MB = 1024 * 1024

/** The memory in the worker's last heartbeat, MB; 0 before the first. */
export async function heartbeatOf({ db }: Ground): Promise<number> {
  const [row] = await db.query<{ rss: bigint | null }>(
    `select rss_bytes as rss from backhaul.workers where app = 'worker-atproto' order by heartbeat_at desc limit 1`,
  )
  return Number(row?.rss ?? 0) / MB
}
