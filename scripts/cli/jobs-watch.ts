import { findJob } from '../../backend/engine/jobs/verbs'
import type { Context } from './context'
import { follow } from './print-jobs'
import { toJson } from './text'

export interface WatchOptions {
  json?: boolean
  lookups?: boolean
}

/** Follows jobs until they end. */
export async function watch(context: Context, given: readonly string[], options: WatchOptions): Promise<void> {
  const ids: string[] = []
  for (const id of given) ids.push((await findJob({ db: context.db }, id)).id)
  const reports = await follow(context, [...new Set(ids)], options)
  if (options.json) context.terminal.out(toJson(reports))
}
