import { Refused } from '../../backend/base/errors'
import { cancel } from '../../backend/engine/jobs/verbs'
import { DELTA_MS } from '../../backend/gate/asks'
import { MAIN_CHARACTER, SQUADS } from '../../backend/sandbox/eve/people'
import { eve } from '../../backend/sources/eve'
import { type Figure, listOf, quantile, sum } from '../base/figures'
import type { Bench, Ground } from '../base/harness'
import { startJobs } from '../base/jobs'
import { openUpstream } from '../base/upstream'
import { until } from '../base/wait'
import { openHome } from './pm2'

const SPACING_MS = 1000
/** zKillboard's own limit of one page in 10 s, divided. */
const SPEED = 10_000 / SPACING_MS
const CHARACTERS = [MAIN_CHARACTER, ...SQUADS.slice(0, 3).flatMap((squad) => squad.characters)]

/** Two homes with two workers each, and a scheduler in the first. */
async function startHomes(ground: Ground, env: Record<string, string>): Promise<void> {
  for (const apps of ['worker-backfill,scheduler', 'worker-backfill']) {
    const { pm2 } = await openHome(ground, env)
    await pm2('start', 'ecosystem.config.js', '--only', apps)
    await pm2('scale', 'worker-backfill', '2')
  }
  const count = async () => (await ground.db.query(`select id from backhaul.workers where app = 'worker-backfill'`)).length
  await until(async () => (await count()) === 4, 60_000, 'four workers in two PM2 homes')
}

/** What the gaps between arrivals are made of, ms beyond the spacing. */
function lossOf(gaps: readonly number[]): string {
  const late = gaps.map((gap) => gap - SPACING_MS - DELTA_MS)
  const bands: [string, number, number][] = [
    ['earlier than spacing and room', Number.NEGATIVE_INFINITY, 0],
    ['up to 5 ms later', 0, 5],
    ['5 to 15 ms later', 5, 15],
    ['15 to 50 ms later', 15, 50],
    ['50 ms to 1 s later', 50, 1000],
    ['more than 1 s later', 1000, Number.POSITIVE_INFINITY],
  ]
  const total = sum(gaps)
  return listOf(
    [`a gap against ${SPACING_MS} + ${DELTA_MS} ms`, 'gaps', 'ms in all', '% of the time'],
    [
      [`the gate's room of ${DELTA_MS} ms in every gap`, gaps.length, DELTA_MS * gaps.length, (DELTA_MS * gaps.length * 100) / total],
      ...bands.map(([name, from, to]) => {
        const inside = late.filter((ms) => ms >= from && ms < to)
        return [name, inside.length, sum(inside), (sum(inside) * 100) / total]
      }),
    ],
  )
}

/** The gaps that lost most, with how long the page before was in flight: while it was, nobody else may send. */
function lateOf(gaps: readonly number[], answers: readonly number[]): string {
  const worst = gaps
    .map((gap, n) => ({ n, late: gap - SPACING_MS - DELTA_MS, inFlight: answers[n] ?? Number.NaN }))
    .filter(({ late }) => late >= 15)
    .sort((a, b) => b.late - a.late)
    .slice(0, 10)
  return listOf(
    ['late gap', 'ms later', 'the page before was in flight, ms'],
    worst.map(({ n, late, inFlight }) => [n + 1, late, inFlight]),
  )
}

/** The use of a granted limit by many workers on many jobs, and how well it is kept. */
export const spacing: Bench = {
  about: 'four workers in two PM2 homes on several jobs at one page a second: how well the limit is kept and used',
  sizes: {
    pages: { full: 120, small: 30, about: 'page requests' },
    jobs: { full: 8, small: 8, about: 'characters backfilled side by side, 10 at most' },
  },
  async run(ground, { pages = 0, jobs = 0 }) {
    const upstream = await openUpstream(ground, { scale: 20_000, speed: SPEED, bigAttackers: 40, oddities: false })
    const { sandbox } = upstream
    await startHomes(ground, upstream.env)
    upstream.forget()
    const started = await startJobs(
      ground,
      eve,
      CHARACTERS.slice(0, jobs).map((characterId) => ({ characterId })),
    )
    const arrivals = () => sandbox.requests('zkillboard').filter((one) => one.route === 'page')
    await until(() => arrivals().length >= pages, pages * SPACING_MS * 3 + 60_000, `${pages} page requests`)
    const times = arrivals()
      .slice(0, pages)
      .map((one) => one.at)
    for (const job of started) await end({ ...ground, sources: [eve] }, job.id)
    const workers = await ground.db.query('select id from backhaul.workers')
    const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0))
    const violations = sandbox.violations()
    ground.print(
      `${workers.length} workers at the end, ${new Set(sandbox.requests('zkillboard').map((one) => one.path.split('/')[2])).size} characters asked for`,
    )
    ground.print(`gaps in the order they came, ms: ${gaps.map(Math.round).join(' ')}`)
    ground.print(lossOf(gaps))
    ground.print(lateOf(gaps, upstream.answers('zkillboard')))
    ground.print(`the sandbox noted an arrival at most ${Math.round(upstream.worstDelayMs())} ms late`)
    const figures: Figure[] = [
      { name: 'gap between two pages', unit: 'ms', values: gaps, atLeast: SPACING_MS - 5, by: 'min' },
      { name: 'gap, 95th percentile', unit: 'ms', values: [quantile(gaps, 0.95)] },
      { name: 'use of the limit', values: [(gaps.length * SPACING_MS) / sum(gaps)], atLeast: 0.98 },
      { name: 'violations the sandbox counted', values: [violations.total], atMost: 0 },
    ]
    return figures
  },
}

/** Cancels a job that may have ended by itself meanwhile. */
async function end(engine: Parameters<typeof cancel>[0], job: string): Promise<void> {
  try {
    await cancel(engine, job)
  } catch (error) {
    if (!(error instanceof Refused && error.code === 'state')) throw error
  }
}
