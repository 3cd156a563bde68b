import type { Log } from '../base/log'
import type { Task } from './store'

/** The fields by which lines about a task are found. */
export const taskFields = ({ job_id: job, id: task, stream, key, step }: Task) => ({ job, task, stream, key, step })

/** A log whose lines are about a task: what a source or the HTTP client says while it is read. */
export function taskLog(log: Log, { job_id: job, id: task }: Pick<Task, 'job_id' | 'id'>): Log {
  const say = (level: keyof Log) => (message: string, fields?: Record<string, unknown>) => log[level](message, { job, task, ...fields })
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}
