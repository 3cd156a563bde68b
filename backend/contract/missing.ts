import type { Reader } from '../base/sql'
import type { SettingValues } from './settings'
import type { NewTask } from './stream'

/**
 * What of a job may be missing although no task failed, by its source. A retry of what is missing also reads, for every source, the
 * tasks whose end is no proof that all was read: those with doubts (`Page.unverified`) or with fewer records than announced.
 */
export interface Missing<P = unknown> {
  /**
   * Kinds of skips of tasks that found nothing, and may find something later. One that was inserted as skipped is read only if it has a
   * lane: its cursor must serve.
   */
  kinds: readonly string[]
  /**
   * Compares what is stored with what the job was asked for, and returns the tasks that read, or find, what is not there: partitions
   * that never had a task, and those whose rows are gone. A task that the job has already is left alone unless it has `again`.
   * Database only, in the transaction of the retry.
   * @param job its params are as they were prepared
   * @returns `params`: those that the job goes on with, where they differ
   */
  plan?(db: Reader, job: { id: string; params: P }, settings: SettingValues): Promise<{ tasks: NewTask[]; params?: P }>
}
