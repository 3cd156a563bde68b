import { gzipSync } from 'node:zlib'
import { eve } from '../../backend/sources/eve'
import { openBrowser } from '../base/browser'
import type { Bench, Ground } from '../base/harness'
import { startJobs } from '../base/jobs'

const PORT = 39_433
const LISTS = ['/api/jobs?limit=50', '/api/jobs?status=failed&limit=50', '/api/jobs?source=eve&limit=50', '/api/overview']
const TRIES = 100
const VIEWS = 7

/** Jobs as a suite of months has them: a tenth runs, a twentieth failed, a third waits, the rest is done. */
async function fill(ground: Ground, jobs: number): Promise<void> {
  await startJobs(
    ground,
    eve,
    Array.from({ length: jobs }, (_, n) => ({ characterId: 90_000_000 + n })),
  )
  await ground.db.query(
    `with numbered as (select id, row_number() over (order by arrival) as n from backhaul.jobs)
     update backhaul.jobs j set
       status = (case when n % 20 = 0 then 'failed' when n % 20 < 3 then 'running' when n % 20 < 10 then 'queued' else 'completed' end)::backhaul.job_status,
       admitted = n % 20 in (1, 2),
       started_at = case when n % 20 between 3 and 9 then null else now() - n * interval '1 minute' end,
       completed_at = case when n % 20 = 0 or n % 20 >= 10 then now() - n * interval '20 seconds' end,
       error = case when n % 20 = 0 then 'zKillboard answered 500' end
       from numbered where numbered.id = j.id`,
  )
  await ground.db.query('analyze backhaul.jobs, backhaul.tasks')
}

async function listTimes(url: string): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < TRIES; n++) {
    const path = LISTS[n % LISTS.length]
    const began = performance.now()
    const answer = await fetch(url + path)
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
    await answer.arrayBuffer()
    times.push(performance.now() - began)
  }
  return times
}

/** From the address to what a person came for, s; and what came over the wire until then, kB compressed. */
async function firstViews(url: string, shows: string): Promise<{ seconds: number[]; kB: number[] }> {
  const browser = await openBrowser()
  const views = { seconds: [] as number[], kB: [] as number[] }
  try {
    for (let n = 0; n < VIEWS; n++) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
      const page = await context.newPage()
      const bodies: Promise<Buffer>[] = []
      page.on('response', (answer) => {
        // A stream of events has no end.
        if (!answer.headers()['content-type']?.startsWith('text/event-stream')) bodies.push(answer.body())
      })
      const began = performance.now()
      await page.goto(url)
      await page.locator(shows).first().waitFor()
      views.seconds.push((performance.now() - began) / 1000)
      // What comes later is no part of the first view.
      page.removeAllListeners('response')
      const sizes = (await Promise.all(bodies)).map((body) => gzipSync(body).length)
      views.kB.push(sizes.reduce((sum, size) => sum + size, 0) / 1000)
      await context.close()
    }
  } finally {
    await browser.close()
  }
  return views
}

/** The console with many jobs. */
export const consoleLoad: Bench = {
  about: 'the console with 10,000 jobs, 1,000 of them running: its lists, and its first views in a browser',
  sizes: { jobs: { full: 10_000, small: 500, about: 'jobs' } },
  async run(ground, { jobs = 0 }) {
    await fill(ground, jobs)
    await ground.start('backend/bin/api.js', [], { API_PORT: String(PORT), METRICS_PORT: String(PORT + 1) })
    const url = `http://127.0.0.1:${PORT}`
    await listTimes(url)
    const lists = await listTimes(url)
    const { seconds, kB } = await firstViews(url, '.jobs > li')
    const [failed] = await ground.db.query<{ id: string }>(`select id from backhaul.jobs where status = 'failed' limit 1`)
    const answers = [`/jobs/${failed?.id} .job-meta`, '/gates tbody tr', '/charts main .section'].map((one) => one.split(/ (.*)/))
    const others: number[] = []
    for (const [path = '', shows = ''] of answers) others.push(...(await firstViews(url + path, shows)).seconds)
    return [
      { name: 'a list', unit: 'ms', values: lists, atMost: 100, by: 'p95' },
      { name: 'first view', unit: 's', values: seconds, atMost: 1 },
      { name: 'a job, the gates, the charts', unit: 's', values: others, atMost: 1 },
      { name: 'compressed, for the first view', unit: 'kB', values: kB, atMost: 200, by: 'max' },
    ]
  },
}
