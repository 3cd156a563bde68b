import type { Log } from '../../base/log'
import { logUnexpected } from '../../base/log-errors'
import { type AlertCheck, type AlertFound, defaultsOf, type SettingsReader, type Source } from '../../contract'
import type { Db } from '../../database/db'
import { isUnreachable } from '../../database/passing'
import { textOf } from '../store'
import { workOf } from './source-work'

/*
 * What sources find wrong. Their checks run one after the other, beside the scheduler's tick: a slow one delays no job.
 */

const EVERY_MS = 60_000
/** Alerts of one check; what is beyond is one more alert that says how many. */
const MAX_FOUND = 100

/** The kind of an alert of a source, which is also the key of its event. */
const kindOf = (source: Source, name: string): string => `${source.name}.${name}`

/** The kinds of all alerts of sources, with what each finds. */
export const sourceAlerts = (sources: readonly Source[]): Record<string, string> =>
  Object.fromEntries(
    sources.flatMap((source) => Object.entries(source.checks ?? {}).map(([name, { about }]) => [kindOf(source, name), about])),
  )

export interface SourceCheckOptions {
  db: Db
  log: Log
  sources: readonly Source[]
  /** Reads the settings of a source; by default no variable is set. */
  settings?: SettingsReader
  /** How long a statement of such a check may take, ms (default 5 s). */
  checkMs?: number
  now?: () => number
}

export interface SourceChecks {
  /** Begins a round when one is due. @returns what was found since the last call, by kind; kinds whose check failed are absent */
  take(): Record<string, AlertFound[]>
  /** Ends the round in hand after its check. */
  stop(): Promise<void>
}

export function watchSources({
  db,
  log,
  sources,
  settings = defaultsOf,
  checkMs = 5_000,
  now = Date.now,
}: SourceCheckOptions): SourceChecks {
  let begunAt = Number.NEGATIVE_INFINITY
  let stopping = false
  let round: Promise<void> | undefined
  let found: Record<string, AlertFound[]> = {}

  async function runAll(): Promise<void> {
    for (const source of sources) {
      for (const [name, check] of Object.entries(source.checks ?? {})) {
        if (stopping) return
        const kind = kindOf(source, name)
        try {
          const items = limited(kind, await run(source, check))
          found[kind] = items
        } catch (error) {
          // The scheduler's tick reports an outage; the next round comes by itself.
          if (isUnreachable(error)) return
          logUnexpected(log, `Checking ${kind} failed`, error)
        }
      }
    }
  }

  const run = (source: Source, check: AlertCheck): Promise<AlertFound[]> =>
    db.tx(async (tx) => {
      await tx.query(`select set_config('statement_timeout', '${checkMs}', true)`)
      return await check.find(tx, settings(source), workOf(tx, source.name))
    })

  return {
    take() {
      if (!round && now() - begunAt >= EVERY_MS) {
        begunAt = now()
        round = runAll().finally(() => {
          round = undefined
        })
      }
      const taken = found
      found = {}
      return taken
    },
    async stop() {
      stopping = true
      await round
    },
  }
}

/** In an order of its own, so that those beyond the limit are always the same. */
function limited(kind: string, found: readonly AlertFound[]): AlertFound[] {
  const bySubject = new Map(
    found.map((one) => {
      const subject = textOf(one.subject)
      return [subject, { ...one, subject, message: textOf(one.message) }]
    }),
  )
  const sorted: AlertFound[] = [...bySubject.values()].sort((a, b) => (a.subject < b.subject ? -1 : 1))
  if (sorted.length <= MAX_FOUND) return sorted
  const message = `${sorted.length - MAX_FOUND} more subjects of ${kind} are not shown`
  return [...sorted.slice(0, MAX_FOUND), { subject: '(more)', message }]
}
