import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { startSandbox } from '../../backend/sandbox/server'
import { openBroker } from '../../queues/broker'
import { bury } from '../../queues/dead'
import { CHARACTER } from '../support/backfill'
import { accessibilityFaults, expectSound, faultsInEveryView, goWithin, inBrowser, PHONE, withChromium } from '../support/browser'
import { freePort } from '../support/run'
import { quiet } from '../support/suite'
import { type Process, type Sandbox, type System, system } from '../support/system'
import { until } from '../support/until'

/* The built dashboard in a browser, on the real api, scheduler and worker against a sandbox. */

const DIST = join(__dirname, '..', '..', 'dist', 'dashboard')
const ADMIN = 'admin-of-the-dashboard-story'
const READER = 'reader-of-the-dashboard-story'
describe('the build', () => {
  const files = () => readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(js|css|html|svg)$/.test(name))

  /** What a browser loads for the first view: the page, what it names, and what those scripts import at once. */
  const firstView = () => {
    const page = readFileSync(join(DIST, 'index.html'), 'utf8')
    const found = new Set(['index.html', ...[...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, name]) => name as string)])
    for (const name of found) {
      if (!name.endsWith('.js')) continue
      const script = readFileSync(join(DIST, name), 'utf8')
      for (const [, other] of script.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) found.add(`assets/${other}`)
    }
    return [...found]
  }
  const sizeOf = (names: string[]) => names.reduce((sum, name) => sum + gzipSync(readFileSync(join(DIST, name))).length, 0)

  test('is less than 150 kB compressed for the first view, and GraphiQL is no part of it', () => {
    expect(firstView().length).toBeGreaterThan(3)
    expect(sizeOf(firstView())).toBeLessThan(150_000)
    expect(firstView().filter((name) => /graphiql-container/.test(readFileSync(join(DIST, name), 'utf8')))).toEqual([])
    expect(sizeOf(files())).toBeLessThan(700_000)
  })

  test('loads nothing from other hosts and has nothing inline', () => {
    const page = readFileSync(join(DIST, 'index.html'), 'utf8')
    expect(page).not.toMatch(/<style|style=|<script(?![^>]* src=)|\son\w+="/)
    for (const name of files().filter((one) => /\.(html|css)$/.test(one))) {
      expect([name, readFileSync(join(DIST, name), 'utf8').match(/(src|href)="https?:|url\((?!data:)["']?(https?:)?\/\//g)]).toEqual([
        name,
        null,
      ])
    }
  })
})

withChromium('in a browser', () => {
  let sandbox: Sandbox
  let it: System
  let api: Process
  let url: string
  const { at, logIn, visit } = inBrowser()

  beforeAll(async () => {
    sandbox = await startSandbox({ scale: 6000, speed: 25, seed: 7, oddities: false, bigAttackers: 40 })
    const port = await freePort()
    const env = { ADMIN_TOKEN: ADMIN, READ_TOKEN: READER, API_PORT: String(port), METRICS_PORT: String(await freePort()) }
    it = await system({ sandbox, env })
    url = `http://127.0.0.1:${port}`
    at(url, ADMIN)
    ;[api] = await Promise.all([it.start('dist/backend/bin/api.js'), it.scheduler(), it.worker('worker-backfill')])
  }, 120_000)
  afterAll(async () => {
    await it?.close()
    await sandbox?.close()
  })

  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' }
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    return (await answer.json()) as { id: string }
  }
  const startJob = async (options: object = {}, more: object = {}) =>
    (await post('/api/jobs', { source: 'eve', params: { characterId: CHARACTER, options }, ...more })).id

  test('log in, start a backfill from its form, watch it move, pause, resume and cancel it, without a reload', async () => {
    const page = await visit('/', { token: null })
    await page.getByLabel('Token').fill('not-the-token-at-all')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByText('This token is not known').waitFor()
    expect(await faultsInEveryView(page)).toEqual([])
    await logIn(page, ADMIN)
    await page.evaluate('window.notReloaded = true')
    await page.getByRole('link', { name: 'New backfill' }).click()

    const start = page.getByRole('button', { name: 'Start the backfill' })
    expect(await start.isDisabled()).toBe(true)
    await page.getByLabel('Character id').fill('abc')
    await page.getByText('must be a whole number').waitFor()
    expect(await page.getByLabel('Character id').getAttribute('aria-invalid')).toBe('true')
    await page.getByLabel('Character id').fill(String(CHARACTER))
    await page.getByText('at the current limits').or(page.getByText('first task')).first().waitFor()
    await start.click()

    await page.getByRole('heading', { name: `Killmails of character ${CHARACTER}` }).waitFor()
    const read = () => figure(page, 'Read')
    await until(async () => (await read()) > 0, { what: 'the first page to show', timeoutMs: 20_000 })
    const before = await read()
    await until(async () => (await read()) > before, { what: 'the figures to move' })

    await page.getByRole('button', { name: 'Pause' }).click()
    await status(page, 'paused')
    await page.getByRole('button', { name: 'Resume' }).click()
    await status(page, 'running')
    await page.getByRole('button', { name: 'Cancel' }).click()
    const question = page.getByRole('dialog', { name: 'Cancel this job?' })
    await question.waitFor()
    await page.keyboard.press('Escape')
    await question.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Cancel' }).click()
    await question.getByRole('button', { name: 'Cancel the job' }).click()
    await status(page, 'cancelled')
    await page.getByText('Not verified').first().waitFor()
    expect(await page.evaluate('window.notReloaded')).toBe(true)
  }, 60_000)

  test('a failure is explained and retried, on a phone in dark mode', async () => {
    sandbox.fault({ name: 'status', api: 'zkillboard', status: 404, body: 'No such thing' })
    const id = await startJob({ maxPages: 2 })
    expect(await it.ended(id)).toBe('failed')
    sandbox.clearFaults()
    const page = await visit('/?status=failed', { viewport: PHONE, scheme: 'dark' })
    await page
      .getByRole('link', { name: `Killmails of character ${CHARACTER}` })
      .first()
      .click()
    await page.getByRole('heading', { name: 'Failures' }).waitFor()
    const why = page.getByRole('region', { name: 'Failures' })
    await why.getByText('A retry does not help').waitFor()
    expect(await why.textContent()).toMatch(/HTTP 404.*answered 404/)
    await page.getByRole('button', { name: 'Retry failed' }).click()
    await page.getByText(`Killmails of character ${CHARACTER}: retrying.`).waitFor()
    await status(page, 'completed')
    expect(await page.getByRole('button', { name: 'Retry failed' }).count()).toBe(0)
    await page.goBack()
    expect(new URL(page.url()).search).toBe('?status=failed')
  }, 60_000)

  test('a dead letter is replayed and becomes a job', async () => {
    const broker = openBroker({ url: it.env.RABBITMQ_URL ?? '', name: 'story', log: quiet })
    await broker.ready()
    const body = Buffer.from(JSON.stringify({ characterId: CHARACTER, options: { maxPages: 1 } }))
    await bury(broker, { queue: 'zkillboard_backfill_queue', body, messageId: 'from-a-story' }, 'made by a story')
    await broker.close()
    const page = await visit('/dead-letters')
    await page.getByText('made by a story').waitFor()
    await page.getByText('Body', { exact: true }).click()
    await page.getByText(`"characterId": ${CHARACTER}`).waitFor()
    await page.getByRole('button', { name: 'Replay', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click()
    await page.getByText('No dead letters').waitFor()
    await page.getByRole('link', { name: 'Activity' }).click()
    await page.getByText('dead-letter.replay').waitFor()
    const jobs = () => it.db.query<{ id: string }>(`select id from backhaul.jobs where params->'options'->>'maxPages' = '1'`)
    const [job] = await until(async () => ((await jobs()).length > 0 ? await jobs() : undefined), { what: 'its job' })
    expect(await it.ended(job?.id ?? '')).toBe('completed')
  }, 60_000)

  test('while the api restarts the page says so, and recovers by itself', async () => {
    const id = await startJob({ maxPages: 12 })
    const page = await visit(`/jobs/${id}`)
    await status(page, 'running')
    await page.evaluate('window.notReloaded = true')
    await api.kill('SIGTERM')
    await page.getByText('Connection lost, reconnecting…').waitFor()
    await page.getByRole('heading', { name: 'Killmails of character' }).waitFor()
    api = await it.start('dist/backend/bin/api.js')
    await page.getByText('Connection lost, reconnecting…').waitFor({ state: 'detached' })
    await status(page, 'completed')
    expect(await page.evaluate('window.notReloaded')).toBe(true)
  }, 60_000)

  test('new jobs are announced, not pushed under the reader’s finger', async () => {
    const page = await visit('/')
    const rows = page.locator('.jobs > li')
    await rows.first().waitFor()
    const top = await rows.first().textContent()
    await startJob({ maxPages: 2 })
    const more = page.getByRole('button', { name: '1 new job' })
    await more.waitFor()
    expect((await rows.first().textContent())?.slice(0, 40)).toBe(top?.slice(0, 40))
    const before = await rows.count()
    await more.click()
    await until(async () => (await rows.count()) === before + 1, { what: 'the new row' })
  }, 60_000)

  test('an answer that arrives after newer figures does not take their place, on the page of a job and in the list', async () => {
    const id = await startJob({ maxPages: 60 })
    const page = await visit(`/jobs/${id}`)
    await status(page, 'running')
    let late = await holdAnswer(page, `**/api/jobs/${id}`)
    await page.getByRole('button', { name: 'Pause' }).click()
    await Promise.all([late.isRead, status(page, 'paused')])
    await post(`/api/jobs/${id}/resume`, {})
    await status(page, 'running')
    await page.evaluate(NOTE_STATUSES)
    const read = await figure(page, 'Read')
    await late.arrive()
    await until(async () => (await figure(page, 'Read')) > read, { what: 'the figures to move' })
    expect(await page.evaluate('window.statuses')).toEqual([])
    await post(`/api/jobs/${id}/cancel`, {})

    await page.goto(url)
    await page.locator('.jobs > li').first().waitFor()
    const other = await startJob({ maxPages: 60 })
    late = await holdAnswer(page, '**/api/jobs?*')
    await page.getByRole('button', { name: '1 new job' }).click()
    await late.isRead
    const cancelled = async () => Number(await page.locator('.chip', { hasText: 'Cancelled' }).locator('b').textContent())
    const before = await cancelled()
    await post(`/api/jobs/${other}/cancel`, {})
    await until(async () => (await cancelled()) > before, { what: 'the stream to tell it' })
    await late.arrive()
    await page.locator('.jobs > li').first().getByText('Cancelled').first().waitFor()
  }, 60_000)

  test('ten thousand jobs are paged by cursor, and the back button works', async () => {
    await it.db.query(
      `insert into backhaul.jobs (source, bounded_by, status, params, priority, created_at, started_at, completed_at, report)
       select source, bounded_by, status, params, priority, now() - n * interval '1 hour', now() - n * interval '1 hour', now(), report
         from generate_series(1, 10000) n,
              (select * from backhaul.jobs where report is not null and status in ('cancelled', 'completed') limit 1) one`,
    )
    const page = await visit('/')
    await page.getByText(/50 of 10,0\d\d jobs/).waitFor()
    const first = await page.locator('.jobs > li').first().textContent()
    await page.getByRole('link', { name: 'Next page' }).click()
    await page.getByRole('link', { name: 'First page' }).waitFor()
    await until(async () => (await page.locator('.jobs > li').first().textContent()) !== first, { what: 'the second page' })
    await page.goBack()
    await until(async () => (await page.locator('.jobs > li').first().textContent())?.slice(0, 40) === first?.slice(0, 40), {
      what: 'the first page',
    })
  }, 60_000)

  test('a reader sees no buttons that change anything', async () => {
    const page = await visit('/', { token: READER })
    await page.locator('.jobs > li').first().waitFor()
    expect(await page.getByRole('checkbox').count()).toBe(0)
    expect(await page.getByRole('link', { name: 'New backfill' }).count()).toBe(0)
    await page.getByRole('link', { name: 'Schedules' }).click()
    await page.getByText('No schedules').waitFor()
    expect(await page.getByRole('button', { name: 'Add a schedule' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByRole('heading', { name: 'Log in' }).waitFor()
  }, 60_000)

  test('a schedule is added in its dialog, which says what is wrong with it first', async () => {
    const page = await visit('/schedules')
    await page.getByRole('button', { name: 'Add a schedule' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add a schedule' })
    const add = dialog.getByRole('button', { name: 'Add the schedule' })
    await dialog.getByLabel('Name').fill('nightly-kills')
    await dialog.getByLabel('When').fill('61 * * * *')
    await dialog.getByText('Not a valid time').waitFor()
    await dialog.getByLabel('Character id').fill(String(CHARACTER))
    await add.click()
    await until(async () => (await dialog.getByLabel('When').getAttribute('aria-invalid')) === 'true', { what: 'the fault at its input' })
    await dialog.getByLabel('When').fill('30 4 * * 1')
    await dialog.getByText(/Next: Mon/).waitFor()
    await add.click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('heading', { name: 'nightly-kills' }).waitFor()
    expect(await it.db.query('select name, cron, params from backhaul.schedules')).toEqual([
      { name: 'nightly-kills', cron: '30 4 * * 1', params: expect.objectContaining({ characterId: CHARACTER }) },
    ])
  }, 60_000)

  test('the secret of a webhook is shown once', async () => {
    const page = await visit('/webhooks')
    await page.getByRole('button', { name: 'Add a webhook' }).click()
    const form = page.getByRole('dialog', { name: 'Add a webhook' })
    await form.getByLabel('Address').fill('ftp://example.org')
    await form.getByRole('button', { name: 'Add the webhook' }).click()
    await until(async () => (await form.getByLabel('Address').getAttribute('aria-invalid')) === 'true', { what: 'the fault at its input' })
    await form.getByLabel('Address').fill(`${url}/hook-of-a-dialog`)
    await form.getByRole('button', { name: 'Add the webhook' }).click()
    const kept = page.getByRole('dialog', { name: 'Keep this secret' })
    const secret = (await kept.locator('code').textContent()) ?? ''
    expect(await it.db.query('select secret from backhaul.webhooks')).toEqual([{ secret }])
    await kept.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('link', { name: `${url}/hook-of-a-dialog` }).click()
    await page.getByRole('heading', { level: 1 }).waitFor()
    expect(await page.content()).not.toContain(secret)
    expect(await page.evaluate(`fetch('/api/webhooks').then((answer) => answer.text())`)).not.toContain(secret)
  }, 60_000)

  test('selected jobs are cancelled together', async () => {
    const ids = [await startJob({}, { force: true }), await startJob({}, { force: true })]
    const page = await visit('/?status=running,queued')
    for (const id of ids)
      await page
        .locator('.jobs > li', { hasText: id.slice(0, 8) })
        .getByRole('checkbox')
        .check()
    const bar = page.getByRole('region', { name: 'Selected jobs' })
    await bar.getByText('2 jobs selected').waitFor()
    await bar.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('dialog', { name: 'Cancel 2 jobs?' }).getByRole('button', { name: 'Cancel 2 jobs' }).click()
    await page.getByText('2 jobs cancelled.').waitFor()
    expect(await Promise.all(ids.map((id) => it.status(id)))).toEqual(['cancelled', 'cancelled'])
    await bar.waitFor({ state: 'detached' })
  }, 60_000)

  test('a large grid shows a part of itself, says what it leaves out, and goes from part to part by links and keys', async () => {
    const [job] = await it.db.query<{ id: string }>(
      `insert into backhaul.jobs (source, bounded_by, params, status, completed_at)
       values ('eve', 'a test', $1, 'partial', now()) returning id`,
      [JSON.stringify({ characterId: CHARACTER })],
    )
    await it.db.query(
      `insert into backhaul.tasks (job_id, stream, key, queue, state, cursor, cell_row, cell_column, reason_kind, reason, error_kind, error)
       select $1, 'months', concat_ws('/', r, c, n), 'q', (case when c = 40 and n = 2 then 'failed' when c = 41 then 'skipped' else 'done' end)::backhaul.task_state,
              '{}', 'row ' || r, (date '2026-01-01' + c)::text, case when c = 41 then 'not_yet_published' end, case when c = 41 then 'it is not listed' end,
              case when c = 40 and n = 2 then 'status_500' end, case when c = 40 and n = 2 then 'it answered 500' end
         from generate_series(0, 59) r, generate_series(0, 99) c, generate_series(1, 2) n`,
      [job?.id],
    )
    const page = await visit(`/jobs/${job?.id}?tab=grid`)
    await page
      .getByText('Columns 2026-01-01 to 2026-01-31 of 100, rows row 0 to row 47 of 60. 4,512 of 6,000 cells are not shown.')
      .waitFor()
    const legend = page.getByRole('list', { name: 'Legend' })
    expect(await legend.getByRole('listitem').allTextContents()).toEqual([
      '×Failed: status 500 · 60',
      'NSkipped: not yet published · 60',
      '✓Done · 5,880',
    ])
    expect(
      await page
        .getByRole('row', { name: /^row 3 / })
        .locator('.row-sum')
        .textContent(),
    ).toBe('98 of 100, 1 failed')
    await page.getByRole('link', { name: 'Next columns' }).click()
    await page.getByRole('gridcell', { name: 'row 0 2026-02-10: failed: status 500; it answered 500; 2 tasks' }).focus()
    await page.keyboard.press('ArrowRight')
    await page.getByText('row 0 2026-02-11: skipped: not yet published; it is not listed; 2 tasks.').waitFor()
    expect(await page.locator('td:focus').textContent()).toBe('N')
    await page.getByRole('link', { name: 'Next rows' }).click()
    await page.getByText('Columns 2026-02-01 to 2026-03-03 of 100, rows row 48 to row 59 of 60.').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await page.goBack()
    await page.getByText('rows row 0 to row 47 of 60').waitFor()
    await page.goto(`${url}/jobs/${job?.id}?tab=grid&columns=2026-02-10`)
    await page.getByRole('button', { name: 'Retry this cell' }).click()
    await page.getByText('row 0 2026-02-10: retrying.').waitFor()
    await page
      .getByRole('gridcell', { name: 'row 0 2026-02-10: waiting; 2 tasks' })
      .or(page.getByRole('gridcell', { name: /^row 0 2026-02-10: ready/ }))
      .waitFor()
    await page.getByRole('link', { name: 'Show its 2 tasks, and what ran them' }).click()
    await page.getByText('Tasks of cell row 0 2026-02-10.').waitFor()
    const tasks = page.getByRole('table', { name: 'Tasks' }).locator('tbody tr')
    await until(async () => (await tasks.count()) === 2, { what: 'the two tasks of the cell' })
    await page.getByRole('button', { name: 'Show all tasks' }).click()
    await page.getByText('50 tasks on this page').waitFor()
    await it.db.query('delete from backhaul.jobs where id = $1', [job?.id])
  }, 60_000)

  test('a job shows how far each of its stages is, also those that have no tasks yet', async () => {
    const [job] = await it.db.query<{ id: string }>(
      `insert into backhaul.jobs (source, bounded_by, params, status) values ('eve', 'a test', $1, 'paused') returning id`,
      [JSON.stringify({ characterId: CHARACTER })],
    )
    await it.db.query(
      `insert into backhaul.tasks (job_id, stream, key, queue, state, cursor, lane, seen) values ($1, 'months', 'one', 'q', 'waiting', '{}', 'etsy', 450)`,
      [job?.id],
    )
    await it.db.query(
      `insert into backhaul.foreseen (job_id, lane, stage, label, expected, at_least)
       values ($1, 'etsy', 0, 'orders of etsy', 1200, false), ($1, 'shopify', 0, 'orders of shopify', 25000, true)`,
      [job?.id],
    )
    const page = await visit(`/jobs/${job?.id}?tab=now`, { viewport: PHONE })
    await page.getByText('Orders of etsy… 450/1,200').waitFor()
    await page.getByText('Orders of shopify… 0/25,000+').waitFor()
    expect(await page.getByRole('progressbar', { name: 'orders of etsy' }).getAttribute('aria-valuenow')).toBe('38')
    await expectSound(page)
    await it.db.query('delete from backhaul.jobs where id = $1', [job?.id])
  }, 60_000)

  test('every page, wide and narrow, light and dark: nothing overflows and axe finds no serious fault', async () => {
    const id = await startJob({ maxPages: 3 })
    await it.ended(id)
    await post('/api/schedules', { name: 'nightly', cron: '0 3 * * *', source: 'eve', params: { characterId: CHARACTER } })
    await post('/api/webhooks', { url: `${url}/hook`, events: ['job.*'] })
    const [schedule, hook] = await it.db.query<{ id: string }>(
      `(select id::text from backhaul.schedules limit 1) union all (select id::text from backhaul.webhooks limit 1)`,
    )
    const page = await visit('/')
    const pages = [
      ...['/', '/new', '/charts', '/gates', '/workers', '/dead-letters', '/schedules', `/schedules/${schedule?.id}`],
      ...['/webhooks', `/webhooks/${hook?.id}`, '/activity', '/docs', '/nowhere'],
    ]
    const faults: string[] = []
    // The story of a job goes through the other parts of its page.
    for (const path of [...pages, `/jobs/${id}?tab=rejects`]) {
      await goWithin(page, path)
      faults.push(...(await faultsInEveryView(page)).map((fault) => `${path} at ${fault}`))
    }
    await goWithin(page, '/graphiql')
    await page.locator('.graphiql-query-editor').getByText('rowsPerMinute').waitFor()
    // Markup of its own: the hidden inputs of its editors have no label and scroll what they edit, and its tabs have buttons inside.
    const except = [
      { rule: 'scrollable-region-focusable', of: '.CodeMirror' },
      { rule: 'label', of: '.CodeMirror' },
      { rule: 'nested-interactive', of: '.graphiql-tab' },
    ]
    faults.push(...(await faultsInEveryView(page, { except })).map((fault) => `/graphiql at ${fault}`))
    expect(faults).toEqual([])
  }, 180_000)
})

const status = (page: Page, word: string) => page.locator(`.job-meta .status.${word}`).waitFor()

/** From here on the page notes each status that the job is shown to get. */
const NOTE_STATUSES = `(() => {
  const shown = () => document.querySelector('.job-meta .status')?.className
  let last = shown()
  window.statuses = []
  new MutationObserver(() => {
    if (shown() !== last) window.statuses.push((last = shown()))
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true })
})()`

/** The next answer to this path is read at once, but arrives only when it is told to. */
async function holdAnswer(page: Page, path: string): Promise<{ isRead: Promise<void>; arrive(): Promise<void> }> {
  let read = () => {}
  let arrive = () => {}
  const isRead = new Promise<void>((resolve) => (read = resolve))
  const told = new Promise<void>((resolve) => (arrive = resolve))
  await page.route(
    path,
    async (route) => {
      const response = await route.fetch()
      read()
      await told
      await route.fulfill({ response })
    },
    { times: 1 },
  )
  return {
    isRead,
    async arrive() {
      const answered = page.waitForResponse(path)
      arrive()
      await (await answered).finished()
    },
  }
}

/** A figure of a job's counts. */
async function figure(page: Page, name: string): Promise<number> {
  const text = await page
    .locator('.fact', { has: page.locator(`dt:text-is("${name}")`) })
    .locator('dd > span')
    .textContent()
  return Number((text ?? '').replaceAll(',', ''))
}
