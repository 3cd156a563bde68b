import type { Reader } from '../base/sql'
import type { Task } from './store'
import { chargeShare } from './store'

/**
 * Counts the pages of a turn against the shares of their jobs, those that have a weight. Such a job gets as many pages in a turn as its
 * weight, at least one: a turn as long as its time would make the shares as coarse as a day's budget has few turns. Pages of a turn that is
 * killed are not counted: the job gets a little more than its share.
 */
export function createServed() {
  const pages = new Map<string, number>()
  const left = ({ job_id, weight }: Task): number =>
    weight === null ? Number.POSITIVE_INFINITY : Math.max(1, Math.round(weight)) - (pages.get(job_id) ?? 0)
  return {
    /** Whether the task's next page is the last one of its job in this turn. */
    isLast: (task: Task): boolean => left(task) <= 1,
    /** Whether the task's job has had its pages in this turn. */
    isOver: (task: Task): boolean => left(task) <= 0,
    /** Counts a page that is about to be committed, if it is one that asks for something. */
    note({ job_id, weight, asks_nothing }: Task): void {
      if (weight !== null && !asks_nothing) pages.set(job_id, (pages.get(job_id) ?? 0) + 1)
    },
    async write(db: Reader, queue: string): Promise<void> {
      for (const [jobId, count] of pages) await chargeShare(db, jobId, queue, count)
    },
  }
}
