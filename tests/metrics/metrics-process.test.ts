import type { Report } from '../../backend/engine/jobs/report'
import { startSandbox } from '../../backend/sandbox/server'
import { freePort } from '../support/run'
import { parseScrape, sumOf } from '../support/scrape'
import { system } from '../support/system'
import { until } from '../support/until'

const CHARACTER = 2117325769

test('one endpoint tells what all processes did, over a restart of worker and api', async () => {
  const sandbox = await startSandbox({ scale: 400, speed: 200, seed: 4, oddities: false })
  const [API_PORT, METRICS_PORT] = [String(await freePort()), String(await freePort())]
  const it_ = await system({ sandbox, env: { API_PORT, METRICS_PORT } })
  const scrape = async () =>
    parseScrape(await (await fetch(`http://127.0.0.1:${METRICS_PORT}/metrics`, { headers: { connection: 'close' } })).text())
  const backfill = async (...args: string[]): Promise<Report> => {
    const worker = await it_.worker('worker-backfill')
    await until(async () => sumOf(await scrape(), 'backhaul_workers', { app: 'worker-backfill', state: 'alive' }) === 1)
    const job = await it_.queueCharacter(CHARACTER, ...args)
    await it_.ended(job)
    await worker.kill('SIGINT')
    const [row] = await it_.db.query<{ report: Report }>('select report from backhaul.jobs where id = $1', [job])
    return row?.report as Report
  }
  const scheduler = await it_.scheduler()
  const api = await it_.start('dist/backend/bin/api.js')
  const first = await backfill()
  expect(first.new).toBe(400)
  await api.kill('SIGINT')
  const again = await it_.start('dist/backend/bin/api.js')
  const second = await backfill('--force')

  // What was read for the scrape before may be shown for a second.
  await until(async () => sumOf(await scrape(), 'backhaul_workers', { app: 'worker-backfill', state: 'alive' }) === 0)
  const seen = await scrape()
  for (const outcome of ['new', 'known'] as const)
    expect(sumOf(seen, 'backhaul_rows_total', { outcome })).toBe(first[outcome] + second[outcome])
  const sent = (report: Report) => report.requests.zkillboard?.requests ?? 0
  expect(sumOf(seen, 'backhaul_requests_total', { api: 'zkillboard', status: '2xx' })).toBe(sent(first) + sent(second))
  expect(sumOf(seen, 'backhaul_schedulers')).toBe(1)
  await until(async () => sumOf(await scrape(), 'backhaul_queue_consumers', { queue: 'zkillboard_backfill_queue' }) === 0)
  await Promise.all([again.kill('SIGINT'), scheduler.kill('SIGINT')])
  await it_.close()
  await sandbox.close()
}, 120_000)
