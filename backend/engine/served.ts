import type { Reader } from '../base/sql'
import type { Task } from './store'
import { chargeShare } from './store'

/**
 * Counts the pages of a turn against the shares of their jobs, those that have a weight. Pages of a turn that is killed are not counted: the
 * job gets a little more than its share.
 */
export function createServed() {
  const pages = new Map<string, number>()
  return {
    note({ job_id, weight }: Task): void {
      if (weight !== null) pages.set(job_id, (pages.get(job_id) ?? 0) + 1)
    },
    async write(db: Reader, queue: string): Promise<void> {
      for (const [jobId, count] of pages) await chargeShare(db, jobId, queue, count)
    },
  }
}
