import * as jobs from '../../backend/engine/jobs/verbs'
import { type SandboxOptions, startSandbox } from '../../backend/sandbox/server'
import { toastmasters } from '../../backend/sources/toastmasters'
import { forget } from '../../backend/sources/toastmasters/client'
import { sandboxed } from './sandboxed'
import type { Suite } from './suite'
import type { Sandbox } from './system'

/** The dashboards of the sandbox, a database of its own and a worker that reads them. */
export interface DashboardWorld {
  sandbox: Sandbox
  truth: Sandbox['toastmasters']['truth']
  calendar: Sandbox['toastmasters']['calendar']
  suite: Suite
  /** Everything as in the beginning. */
  fresh(): Promise<void>
  start(request: object): Promise<string>
  /** Starts a job, waits for its end and returns its report. */
  backfill(request: object): ReturnType<typeof jobs.report>
  /** Paths of the requests since the last count. */
  asked(): string[]
  /** Outcomes of the cells of a job: `2024-01-31 42 done`. */
  cells(job: string): Promise<string[]>
  close(): Promise<void>
}

/** @param limits the sandbox's own; by default the gate is open */
export async function dashboardWorld(options: SandboxOptions = {}, limits?: object): Promise<DashboardWorld> {
  const sandbox = await startSandbox({ scale: 1, seed: 5, repos: 1, pdses: 1, districts: 4, clubs: 5, open: true, ...options })
  const suite = await sandboxed(toastmasters, sandbox, limits ?? sandbox.limits)
  await suite.worker({ app: 'worker-districts' })
  const { truth, calendar } = sandbox.toastmasters
  let seen = 0
  const start = (request: object) => suite.startJob(toastmasters, request, { force: true })
  return {
    sandbox,
    truth,
    calendar,
    suite,
    start,
    async fresh() {
      sandbox.reset()
      forget()
      seen = 0
      await suite.db.tx((tx) =>
        tx.query(
          `truncate toastmasters.snapshots, toastmasters.district_snapshots, toastmasters.clubs, toastmasters.districts_summary, toastmasters.bodies,
             toastmasters.revisions, toastmasters.as_of_lists, toastmasters.configured_districts, toastmasters.mismatches,
             backhaul.jobs, backhaul.gates, backhaul.rejects cascade`,
        ),
      )
    },
    async backfill(request) {
      const id = await start(request)
      await suite.ended(id, 60_000)
      return await jobs.report(suite, id)
    },
    asked() {
      const all = sandbox.requests('toastmasters')
      const added = all.slice(seen).map(({ path }) => path)
      seen = all.length
      return added
    },
    async cells(job) {
      const rows = await suite.db.query<{ cell: string }>(
        `select cell_column || ' ' || cell_row || ' ' || coalesce(reason_kind, error_kind, state::text) as cell
           from backhaul.tasks where job_id = $1 and cell_row is not null order by 1`,
        [job],
      )
      return [...new Set(rows.map((row) => row.cell))]
    },
    async close() {
      await suite.close()
      await sandbox.close()
    },
  }
}
