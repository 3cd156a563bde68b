import type { Browser, BrowserContext, Page } from 'playwright-core'
import { deploy } from '../../backend/migrate'
import { startSandbox } from '../../backend/sandbox/server'
import { CHARACTER } from '../support/backfill'
import { complaints, openBrowser, withChromium } from '../support/browser'
import { keepViews, type View, viewsOf } from '../support/checks'
import { withServices as it } from '../support/own'
import { freePort } from '../support/run'
import { type Broker, type Postgres, startBroker, startPostgres } from '../support/services'
import { type Process, type Sandbox, type System, system } from '../support/system'
import { until } from '../support/until'

/*
 * Two tabs watch one job while Postgres, RabbitMQ, both and the api stop and come back. The pages say so, show
 * nothing wrong, are never reloaded, and end with what the database has.
 */

const TOKEN = 'admin-of-the-outage-story'
/** A page of the sandbox takes so long, so that the job lasts through the story, ms. */
const SLOW_MS = 3000
const DATABASE = 'The database is unreachable.'
const SERVER = 'The server does not answer.'
const RABBITMQ = 'RabbitMQ is unreachable'
const SOON = { timeoutMs: 40_000 }

interface Outage {
  from: number
  to: number
  words: string
}

withChromium('the dashboard through outages', () => {
  let sandbox: Sandbox
  let broker: Broker
  let postgres: Postgres
  let system_: System
  let browser: Browser
  let context: BrowserContext
  let api: Process
  let url: string
  let job: string
  /** Started while RabbitMQ was unreachable. */
  let kept: string
  let onJob: Page
  let onList: Page
  let complained: string[]
  const outages: Outage[] = []
  /** Answers of the api to the pages that it should never give. */
  const wrong: string[] = []
  let asked = 0

  beforeAll(async () => {
    // Each is kept as soon as it is there, so that it is ended whatever else does not start.
    await Promise.all([
      openBrowser().then((it) => (browser = it)),
      startBroker().then((it) => (broker = it)),
      startPostgres().then((it) => (postgres = it)),
    ])
    sandbox = await startSandbox({ scale: 6000, speed: 200, seed: 7, oddities: false, bigAttackers: 40 })
    sandbox.fault({ name: 'slow', api: 'zkillboard', ms: SLOW_MS })
    const databaseUrl = new URL(postgres.url)
    databaseUrl.pathname = '/story'
    await deploy(databaseUrl.toString())
    const [port, metrics] = [await freePort(), await freePort()]
    const env = { ADMIN_TOKEN: TOKEN, API_PORT: String(port), METRICS_PORT: String(metrics) }
    system_ = await system({ sandbox, services: { databaseUrl: databaseUrl.toString(), rabbitmqUrl: broker.url }, env })
    url = `http://127.0.0.1:${port}`
    ;[api] = await Promise.all([system_.start('dist/backend/bin/api.js'), system_.scheduler(), system_.worker('worker-backfill')])
    job = await system_.queueCharacter(CHARACTER)
    context = await browser.newContext({ reducedMotion: 'reduce' })
    complained = complaints(context)
    onJob = await visit(`${url}/jobs/${job}`)
    await onJob.getByLabel('Token').fill(TOKEN)
    await onJob.getByRole('button', { name: 'Log in' }).click()
    await onJob.locator('.job-meta .status.running').waitFor()
    onList = await visit(url)
    await onList.locator('.jobs > li').waitFor()
    for (const page of [onJob, onList]) page.on('request', () => asked++)
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await system_?.close()
    await sandbox?.close()
    await Promise.all([broker?.kill(), postgres?.kill()])
  })

  async function visit(address: string): Promise<Page> {
    const page = await context.newPage()
    page.setDefaultTimeout(SOON.timeoutMs)
    await keepViews(page)
    page.on('response', (answer) => {
      if (answer.status() >= 500 && answer.status() !== 503) wrong.push(`${answer.status()} of ${answer.url()}`)
    })
    await page.goto(address)
    return page
  }
  async function ask(
    path: string,
    body?: object,
    at = url,
  ): Promise<{ status: number; body: Record<string, never> & { detail?: string } }> {
    const headers = { authorization: `Bearer ${TOKEN}`, connection: 'close', ...(body && { 'content-type': 'application/json' }) }
    const answer = await fetch(at + path, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body) })
    return { status: answer.status, body: (await answer.json()) as never }
  }
  const read = async (page: Page) => (await viewsOf(page)).at(-1)?.read ?? 0
  const banner = (page: Page, words: string) => page.locator('.banner', { hasText: words }).waitFor()
  const moves = async (page: Page) => {
    const before = await read(page)
    await until(async () => (await read(page)) > before, { ...SOON, what: 'the figures to move' })
  }
  /** Stops a service, expects both tabs to say so and checks meanwhile; restores it, expects both to recover. */
  async function without(words: string, stop: () => Promise<unknown>, meanwhile: () => Promise<unknown>, back: () => Promise<unknown>) {
    const from = Date.now()
    await stop()
    try {
      await Promise.all([banner(onJob, words), banner(onList, words)])
      const [before, at] = [asked, Date.now()]
      await meanwhile()
      const to = Date.now()
      outages.push({ from, to, words })
      expect((asked - before) / Math.max(1, (to - at) / 1000)).toBeLessThan(10)
    } finally {
      await back()
    }
    for (const page of [onJob, onList])
      await until(async () => (await page.locator('.banner').textContent()) === '', { ...SOON, what: 'the banner to go' })
    await Promise.all([moves(onJob), moves(onList)])
  }
  const ready = () => until(async () => (await ask('/readyz')).status === 200, { ...SOON, what: 'readiness' })

  it('Postgres is unreachable, and back', async () => {
    const meanwhile = async () => {
      expect(await ask('/healthz')).toMatchObject({ status: 200 })
      expect(await ask('/readyz')).toMatchObject({ status: 503, body: { database: 'PostgreSQL does not answer', broker: 'ok' } })
      const paths = [
        '/api/jobs',
        `/api/jobs/${job}`,
        `/api/jobs/${job}/tasks`,
        '/api/overview',
        '/api/gates',
        '/api/workers',
        '/api/alerts',
      ]
      const more = ['/api/history', '/api/schedules', '/api/webhooks', '/api/actions', `/api/jobs/${job}/events`]
      for (const path of [...paths, ...more])
        expect([path, await ask(path)]).toEqual([
          path,
          { status: 503, body: expect.objectContaining({ status: 503, detail: expect.stringContaining(DATABASE.slice(0, -1)) }) },
        ])
      const start = { source: 'eve', params: { characterId: CHARACTER, options: { maxPages: 1 } } }
      for (const [path, body] of [
        ['/api/jobs', start],
        ['/api/jobs/estimate', start],
        [`/api/jobs/${job}/pause`, {}],
      ] as const)
        expect([path, (await ask(path, body)).status]).toEqual([path, 503])
      // Pages that are opened meanwhile say the same, and need no reload either.
      const late = await Promise.all([visit(url), visit(`${url}/jobs/${job}`)])
      await Promise.all(late.map((page) => banner(page, DATABASE)))
      opened.push(...late)
    }
    const opened: Page[] = []
    await without(
      DATABASE,
      () => postgres.stop(),
      meanwhile,
      () => postgres.start(),
    )
    for (const page of opened) {
      await until(async () => (await read(page)) > 0, { ...SOON, what: 'the figures' })
      await until(async () => (await page.locator('.banner').textContent()) === '')
      await page.close()
    }
    await ready()
  }, 120_000)

  it('RabbitMQ is unreachable, and back: what is started meanwhile is kept, and the page says so', async () => {
    const meanwhile = async () => {
      await until(async () => (await ask('/readyz')).status === 503, SOON)
      expect(await ask('/readyz')).toMatchObject({
        status: 503,
        body: { database: 'ok', broker: 'RabbitMQ does not answer, or refuses: yarn doctor says why' },
      })
      const page = await visit(`${url}/new`)
      await page.getByLabel('Character id').fill(String(CHARACTER + 1))
      await page.getByRole('button', { name: 'Start the backfill' }).click()
      await page.getByText('The job is stored; workers start it once RabbitMQ is back.').waitFor()
      await page.locator('.job-meta').waitFor()
      kept = new URL(page.url()).pathname.split('/').at(-1) ?? ''
      await page.close()
    }
    await without(
      RABBITMQ,
      () => broker.stop(),
      meanwhile,
      () => broker.start(),
    )
    await ready()
  }, 120_000)

  it('both fall over, and are back', async () => {
    const meanwhile = async () => {
      expect(await ask('/readyz')).toMatchObject({
        status: 503,
        body: { database: 'PostgreSQL does not answer', broker: 'RabbitMQ does not answer, or refuses: yarn doctor says why' },
      })
    }
    const stop = () => Promise.all([postgres.kill(), broker.kill()])
    await without(DATABASE, stop, meanwhile, () => Promise.all([postgres.start(), broker.start()]))
    await ready()
    expect(api.child.exitCode ?? api.child.signalCode).toBeNull()
  }, 120_000)

  it('the api is restarted', async () => {
    await without(
      SERVER,
      () => api.kill('SIGTERM'),
      async () => undefined,
      async () => {
        api = await system_.start('dist/backend/bin/api.js')
      },
    )
  }, 120_000)

  it('a second api beside the first takes the same session, and both tell the job', async () => {
    const port = await freePort()
    const second = await system_.start('dist/backend/bin/api.js', [], { API_PORT: String(port) })
    const page = await visit(`http://127.0.0.1:${port}/jobs/${job}`)
    await page.locator('.job-meta .status.running').waitFor()
    await Promise.all([moves(page), moves(onJob)])
    await page.close()
    await second.kill('SIGTERM')
  }, 120_000)

  it('ends with the report as the database has it; nothing wrong was shown on the way', async () => {
    sandbox.clearFaults()
    expect(await system_.ended(job)).toBe('completed')
    expect(await system_.ended(kept)).toBe('completed')
    await onJob.locator('.job-meta .status.completed').waitFor()
    const [row] = await system_.db.query<{ report: { seen: number; new: number; reason: string } }>(
      'select report from backhaul.jobs where id = $1',
      [job],
    )
    const report = row?.report
    expect(await read(onJob)).toBe(report?.seen)
    await onJob
      .getByText(report?.reason ?? '?')
      .first()
      .waitFor()
    await onList.locator('.jobs > li', { hasText: `${report?.new.toLocaleString('en-US')} new` }).waitFor()
    for (const page of [onJob, onList]) {
      const views = await viewsOf(page)
      const reads = views.flatMap((view) => view.read ?? [])
      expect(reads).toEqual([...reads].sort((a, b) => a - b))
      expect(views[0]?.at).toBeLessThan(outages[0]?.from ?? 0)
      for (const outage of outages) expect(untold(views, outage)).toEqual([])
    }
    expect(complained).toEqual([])
    expect(wrong).toEqual([])
  }, 180_000)
})

/** Views without the banner after it was first shown, while the outage that it tells of went on. */
function untold(views: readonly View[], { from, to, words }: Outage): View[] {
  const first = views.findIndex((view) => view.at >= from && view.banner.includes(words))
  return views.slice(first).filter((view) => view.at < to && !view.banner.includes(words))
}
