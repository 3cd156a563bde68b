import { startSandbox } from '../../backend/sandbox/server'
import type { TrueDate } from '../../backend/sandbox/toastmasters/truth'
import { normalName } from '../../backend/sources/toastmasters/csv'
import { isFull, size } from '../support/size'
import { type Sandbox, type System, system } from '../support/system'
import { until } from '../support/until'

/*
 * Two dates of 64 districts, or six of all 128, with everything wrong at once: pages in place of files, files of another day, of another
 * district, without rows or cut, limits, resets, and a worker that is killed twice. In the end the rows are those of the dashboards, cell
 * by cell.
 */

/** So many dates of the range have data; it is around the close of a month. */
const [DATES, FROM, TO] = size([2, '2026-02-28', '2026-03-07'], [6, '2026-02-25', '2026-03-09'])
const RANGE = ['--from-date', FROM, '--to-date', TO]
const DISTRICTS = size(64, 128)
/** How long a run may take on a machine that is busy with others, ms. */
const LONGEST_MS = 240_000
/** Each happens to one report in 60; a file that is asked for again may be hit by another one. */
const SHARE = 1 / 60
const FAULTS = [
  { name: 'error-page' },
  { name: 'to-error-page' },
  { name: 'status', status: 500 },
  { name: 'status', status: 503 },
  { name: 'todays-body' },
  { name: 'previous-as-of' },
  { name: 'zero-rows' },
  { name: 'other-district' },
  { name: 'missing-column' },
  { name: 'half-json' },
  { name: 'truncated-json' },
  { name: 'reset-connection' },
  { name: 'short-row' },
  { name: 'slow', ms: 300 },
]

let sandbox: Sandbox
let it: System

beforeAll(async () => {
  sandbox = await startSandbox({ scale: 1, seed: 5, repos: 1, pdses: 1, clubs: 2, open: true })
  it = await system({
    sandbox,
    env: { TOASTMASTERS_RETRY_BASE_MS: '20', TOASTMASTERS_RETRY_MAX_MS: '200', TOASTMASTERS_RETRY_ATTEMPTS: '2', TURN_SECONDS: '3' },
  })
}, 60_000)
afterAll(async () => {
  await it?.close()
  await sandbox?.close()
})

interface Task {
  key: string
  cell: string
  state: string
  kind: string | null
  why: string | null
}
const tasksOf = (job: string) =>
  it.db.query<Task>(
    `select key, cell_column || ' ' || cell_row as cell, state::text, coalesce(error_kind, reason_kind) as kind, coalesce(error, reason) as why
       from backhaul.tasks where job_id = $1 and stream = 'report' order by key`,
    [job],
  )
const settled = async (job: string) =>
  Number(
    (await it.db.query<{ n: bigint }>(`select count(*) as n from backhaul.tasks where job_id = $1 and settled_at is not null`, [job]))[0]
      ?.n,
  )

async function backfill(districts: readonly string[]): Promise<string> {
  const { code, out, err } = await it.run(
    'dist/scripts/queue.js',
    'districts',
    ...RANGE,
    '--type',
    'per-district',
    '--concurrency',
    '10',
    '--json',
    ...(isFull ? [] : ['--district', ...districts]),
  )
  expect([code, err]).toEqual([0, ''])
  return (JSON.parse(out) as { jobs: { id: string }[] }).jobs[0]?.id ?? ''
}

/** Cells by the names that the source gives to columns. */
const cells = (row: Record<string, string>) => Object.fromEntries(Object.entries(row).map(([name, cell]) => [normalName(name), cell]))

/** District dates whose clubs are not those of the dashboards, or which should not be there. @param except cells that may lack */
async function differences(dates: readonly TrueDate[], except: ReadonlySet<string>): Promise<string[]> {
  const rows = await it.db.query<{ at: string; clubs: { n: string; active: number; paid: number; values: object }[] }>(
    `select d.logical_date || ' ' || d.district_id as at,
            (select json_agg(json_build_object('n', club_number, 'active', active_members, 'paid', total_to_date, 'values', values) order by club_number)
               from toastmasters.clubs c where c.logical_date = d.logical_date and c.district_id = d.district_id) as clubs
       from toastmasters.district_snapshots d`,
  )
  const held = new Map(rows.map((row) => [row.at, row.clubs]))
  const wrong: string[] = []
  for (const { date, districts } of dates)
    for (const district of districts) {
      const at = `${date} ${district}`
      const clubs = held.get(at)
      held.delete(at)
      if (except.has(at)) {
        if (clubs) wrong.push(`${at} is stored, though it has no data`)
        continue
      }
      const truth = sandbox.toastmasters.truth.clubs(date, district).map((one) => ({
        n: one.clubNumber,
        active: Number(one.club['Active Members']),
        paid: Number(one.district['Total to Date']),
        values: { club: cells(one.club), district: cells(one.district), division: cells(one.division) },
      }))
      if (!isSame(clubs, truth)) wrong.push(`${at} ${clubs ? 'differs' : 'is missing'}`)
    }
  return [...wrong, ...[...held.keys()].map((at) => `${at} is stored`)]
}

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : value && typeof value === 'object'
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, one]) => [key, sorted(one)]),
        )
      : value
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

const exportsSince = (from: number) =>
  sandbox
    .requests('toastmasters')
    .slice(from)
    .map(({ path }) => path)
    .filter((path) => path.includes('export.aspx'))

test('D8: dates of many districts through faults and kills are those of the dashboards; what failed is completed, asking nothing twice', async () => {
  const dates = sandbox.toastmasters.truth.dates(FROM, TO)
  const districts = (dates[0]?.districts ?? []).slice(0, DISTRICTS)
  const withData = dates
    .filter((one) => one.state === 'data')
    .map((one) => ({ ...one, districts: one.districts.filter((district) => districts.includes(district)) }))
  expect(withData.map((one) => one.districts.length)).toEqual(Array(DATES).fill(DISTRICTS))
  for (const fault of FAULTS) sandbox.fault({ ...fault, match: 'performance~', probability: SHARE })
  sandbox.fault({ name: 'dashboard-429', times: 2, after: DISTRICTS * 3, seconds: 1 })
  sandbox.fault({ name: 'error-page', match: 'districtsummary', times: 1 })

  const [, worker] = await Promise.all([it.scheduler(), it.supervised('worker-districts')])
  const job = await backfill(districts)
  for (const count of [DATES * DISTRICTS * 0.4, DATES * DISTRICTS * 1.6]) {
    await until(async () => (await settled(job)) >= count, { timeoutMs: LONGEST_MS, what: `${count} settled tasks` })
    await worker.kill()
  }
  expect(await it.ended(job, LONGEST_MS)).toBe('partial')

  const tasks = await tasksOf(job)
  const without = new Set(tasks.filter((task) => task.state !== 'done').map((task) => task.cell))
  expect(tasks.filter((task) => task.state !== 'done' && !(task.kind && task.why))).toEqual([])
  expect(await differences(withData, without)).toEqual([])

  sandbox.clearFaults()
  // Some seconds later a refused file is asked for again.
  await it.db.query(
    `update backhaul.tasks set cursor = jsonb_set(cursor, '{mismatch,at}', '"2020-01-01T00:00:00Z"') where cursor ? 'mismatch'`,
  )
  const failed = tasks.filter((task) => task.state === 'failed')
  const before = sandbox.requests('toastmasters').length
  expect((await it.run('dist/scripts/jobs.js', 'retry', job)).code).toBe(0)
  expect(await it.ended(job, LONGEST_MS)).toBe('completed')
  const retried = exportsSince(before)
  expect([retried.length, new Set(retried).size]).toEqual([failed.length, failed.length])

  // A listed capture without rows is no failure; the next run asks for it again, and for nothing else.
  const empty = (await tasksOf(job)).filter((task) => task.kind === 'unavailable' && task.key.split('/').length === 3)
  const then = sandbox.requests('toastmasters').length
  expect(await it.ended(await backfill(districts), LONGEST_MS)).toBe('completed')
  expect(exportsSince(then)).toHaveLength(empty.length)
  expect(await differences(withData, new Set())).toEqual([])
  expect(sandbox.violations().last).toEqual([])
}, 600_000)
