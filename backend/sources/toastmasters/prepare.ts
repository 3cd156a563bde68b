import { Refused } from '../../base/errors'
import type { Reader } from '../../base/sql'
import type { SettingValues } from '../../contract'
import type { BackfillParams } from './params'
import { scopeOf, strategyOf } from './scope'
import type { settings } from './settings'
import { readConfigured } from './store'

/**
 * What a request means now: its districts, how they are read, and from which moment on files serve.
 * @throws {Refused} `input` when none of its districts is configured
 */
export async function prepare(db: Reader, params: BackfillParams, set: SettingValues<typeof settings>): Promise<BackfillParams> {
  const { lastDays: _, ...request } = { lastDays: undefined, ...params }
  const scope = scopeOf(request.targetDistricts, await readConfigured(db))
  if (scope.districts?.length === 0) throw new Refused('input', noneInScope(scope.outside, scope.configured), 'targetDistricts')
  const { strategy, detail } = strategyOf(request.collectionType, scope)
  // What is read is stamped by the database's clock too.
  const [row] = await db.query<{ now: Date }>('select clock_timestamp() as now')
  const now = (row?.now ?? new Date()).getTime()
  return {
    ...request,
    prepared: {
      ...scope,
      strategy,
      detail,
      since: new Date(request.enableCaching ? now - set.TOASTMASTERS_CACHE_TTL_MS : now).toISOString(),
      startedAt: new Date(now).toISOString(),
      today: new Date(now).toISOString().slice(0, 10),
      concurrency: request.concurrency ?? set.TOASTMASTERS_CONCURRENCY,
      tries: {
        attempts: request.retryFailures ? (request.attempts ?? set.TOASTMASTERS_RETRY_ATTEMPTS) : 1,
        baseMs: set.TOASTMASTERS_RETRY_BASE_MS,
        maxMs: set.TOASTMASTERS_RETRY_MAX_MS,
        factor: set.TOASTMASTERS_RETRY_FACTOR,
      },
      backlog: set.TOASTMASTERS_QUEUE_LIMIT,
    },
  }
}

/** Begins with the words that users of this API look for. */
const noneInScope = (outside: readonly string[], configured: readonly string[]): string =>
  `No valid districts to process: ${outside.join(', ')} ${outside.length === 1 ? 'is' : 'are'} not among the configured districts (${configured.join(', ')}).`
