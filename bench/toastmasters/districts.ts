import { toastmasters } from '../../backend/sources/toastmasters'
import type { Bench } from '../base/harness'
import { completed, startJobs } from '../base/jobs'
import { openUpstream } from '../base/upstream'
import { rssOf, watch } from '../base/watch'

const HOUR_MS = 3_600_000
/** Requests of a window, as the dashboards' limit has it. */
const A_WINDOW = 10
const MINUTE_MS = 60_000
/** Six windows take a minute. */
const SPEED = 6
/** Dates of one closed month and the ones after it: some of the days have no capture. */
const FROM = '2025-10-01'
const dayAfter = (days: number): string => new Date(Date.parse(FROM) + days * 86_400_000).toISOString().slice(0, 10)

/** Every report of every district without a limit in the way. */
export const districts: Bench = {
  about: 'all reports of 128 districts on many dates, gate open: pages and rows a second, and the memory of the worker',
  sizes: { days: { full: 42, small: 6, about: 'days of the range; about three of four have a capture' } },
  async run(ground, { days = 0 }) {
    const { sandbox, env } = await openUpstream(ground, { scale: 1, seed: 5, repos: 1, pdses: 1, clubs: 20, open: true })
    await ground.start('backend/bin/scheduler.js', [], env)
    const worker = await ground.start('backend/bin/worker.js', ['worker-districts'], env)
    const memory = watch(1000, () => rssOf(worker))
    const request = { startDate: FROM, endDate: dayAfter(days), collectionType: 'per-district', concurrency: 10 }
    const began = Date.now()
    for (const { id } of await startJobs(ground, toastmasters, [request])) await completed(ground, id, HOUR_MS)
    const seconds = (Date.now() - began) / 1000
    const rss = await memory.stop()
    const [row] = await ground.db.query<{ dates: number; parts: number; clubs: number }>(
      `select count(distinct logical_date)::int as dates, count(*)::int as parts,
              (select count(*)::int from toastmasters.clubs) as clubs from toastmasters.district_snapshots`,
    )
    const requests = sandbox.requests('toastmasters').length
    return [
      { name: 'dates', values: [row?.dates ?? 0] },
      { name: 'dates of districts', values: [row?.parts ?? 0] },
      { name: 'requests', values: [requests] },
      { name: 'requests a second', values: [requests / seconds] },
      { name: 'clubs a second', values: [(row?.clubs ?? 0) / seconds] },
      { name: 'RSS', unit: 'MB', values: rss, atMost: 200, by: 'max' },
    ]
  },
}

/** The limit of the dashboards, six times as fast. */
export const districtsLimit: Bench = {
  about: 'two jobs at the limit of the dashboards: time against the least that the limit allows',
  sizes: { days: { full: 40, small: 12, about: 'days of each job' } },
  async run(ground, { days = 0 }) {
    const { sandbox, env } = await openUpstream(ground, { scale: 1, speed: SPEED, seed: 5, repos: 1, pdses: 1, clubs: 3 })
    await ground.start('backend/bin/scheduler.js', [], env)
    await ground.start('backend/bin/worker.js', ['worker-districts'], env)
    const range = { startDate: FROM, endDate: dayAfter(days) }
    const requests = [{ ...range, targetDistricts: ['42'] }, range]
    for (const { id } of await startJobs(ground, toastmasters, requests)) await completed(ground, id, HOUR_MS)
    const moments = sandbox
      .requests('toastmasters')
      .map(({ at }) => at)
      .sort((a, b) => a - b)
    const windows = Math.floor((moments.length - 1) / A_WINDOW)
    const least = (windows * MINUTE_MS) / SPEED
    const took = (moments[windows * A_WINDOW] as number) - (moments[0] as number)
    return [
      { name: 'requests', values: [moments.length] },
      { name: 'least time for them', unit: 's', values: [least / 1000] },
      { name: 'use of the limit', values: [least / took], atLeast: 0.98 },
      { name: 'requests that broke a limit', values: [sandbox.violations().total], atMost: 0 },
    ]
  },
}
