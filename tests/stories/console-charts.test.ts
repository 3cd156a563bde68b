import type { Page } from 'playwright-core'
import { startSandbox } from '../../backend/sandbox/server'
import { CHARACTER } from '../support/backfill'
import { expectInFirstScreen, expectSound, inBrowser, LAPTOP, PHONE, withChromium } from '../support/browser'
import { freePort } from '../support/run'
import { type Process, type Sandbox, type System, system } from '../support/system'
import { until } from '../support/until'

/*
 * An on-call person answers from the pages alone, on a laptop and on a phone: did we hit a limit, and who; what changed at the last
 * deploy; what is still true while the API does not answer.
 */

const API = 'dist/backend/bin/api.js'
const WORKER = 'dist/backend/bin/worker.js'

withChromium('charts, gates and workers', () => {
  let sandbox: Sandbox
  let it: System
  let api: Process
  let worker: Process
  let job: string
  const { at, visit } = inBrowser()

  beforeAll(async () => {
    sandbox = await startSandbox({ scale: 6000, speed: 25, seed: 7, oddities: false, bigAttackers: 40 })
    const port = await freePort()
    it = await system({ sandbox, env: { API_PORT: String(port), METRICS_PORT: String(await freePort()) } })
    at(`http://127.0.0.1:${port}`)
    ;[api, , worker] = await Promise.all([
      it.start(API),
      it.scheduler(),
      it.start(WORKER, ['worker-backfill'], { DEPLOYED_VERSION: '0.14.2' }),
    ])
    // Some pages are read, the next request is refused for long, and a new version is deployed meanwhile.
    sandbox.fault({ name: 'status', api: 'zkillboard', status: 429, headers: { 'retry-after': '3600' }, body: '{}', times: 1, after: 3 })
    job = await it.queueCharacter(CHARACTER)
    await until(async () => (await it.db.query(`select 1 from backhaul.gates where blocked_until > now()`)).length > 0, {
      what: 'the 429',
      timeoutMs: 30_000,
    })
    await worker.kill('SIGTERM')
    worker = await it.start(WORKER, ['worker-backfill'], { DEPLOYED_VERSION: '0.15.0' })
    await deployedEarlier()
  }, 120_000)
  afterAll(async () => {
    await it?.close()
    await sandbox?.close()
  })

  /**
   * Moves the deploy ten minutes back, with what was counted around it: one answer in five fails since then, and a task waits for the
   * closed gate. A minute is drawn when it is over.
   */
  async function deployedEarlier(): Promise<void> {
    await it.db.query(`update backhaul.starts set at = date_trunc('minute', now()) - interval '10 minutes' where before = '0.14.2'`)
    await it.db.query(
      `insert into backhaul.samples (minute, name, labels, value)
       select date_trunc('minute', now()) - m * interval '1 minute', 'backhaul_requests_total', jsonb_build_object('api', 'esi', 'status', s)::text,
              case s when '2xx' then 80 else 20 end
         from generate_series(1, 30) m, unnest(array['2xx', '5xx']) s where s = '2xx' or m < 10
       on conflict (minute, name, labels, minutes) do update set value = samples.value + excluded.value`,
    )
    await it.db.query(
      `insert into backhaul.samples (minute, name, labels, value)
       select date_trunc('minute', now()) - m * interval '1 minute', r.name, r.labels, 4
         from generate_series(1, 5) m, (values ('gate_readings', '{}'), ('gate_closed', '{"limit":"zkillboard"}')) r(name, labels)
       on conflict (minute, name, labels, minutes) do update set value = samples.value + excluded.value`,
    )
  }

  test.each([
    [LAPTOP, 'light'],
    [PHONE, 'dark'],
  ] as const)(
    'did we hit a limit, and who: at %j',
    async (viewport, scheme) => {
      const page = await visit('/gates', { viewport, scheme })
      await expectInFirstScreen(page.getByText('zkillboard: paused by the API.'))
      // The troubled one is the first row; its details say who.
      const first = page.locator('tbody tr').first()
      await first.getByText('zkillboard', { exact: true }).click()
      const details = page.getByRole('region', { name: 'Limit zkillboard' })
      await until(
        async () => (await details.getByRole('heading', { level: 2 }).evaluate((it) => it === it.ownerDocument.activeElement)) === true,
        {
          what: 'the focus on what was opened',
        },
      )
      await details.getByText(/task waits for a closed gate/).waitFor()
      const user = details.getByRole('row', { name: new RegExp(`killmails of character ${CHARACTER}`, 'i') })
      await user.waitFor()
      // Requests, share, and the one that was refused.
      expect((await user.locator('td').allTextContents()).filter((text) => text.endsWith('%') || text === '1')).toEqual(['100 %', '1'])
      await details.getByText('0 % live, 100 % backfill').waitFor()
      await expectSound(page)
      await details.getByRole('link', { name: 'Charts' }).click()
      await page.getByRole('heading', { name: 'Limit zkillboard' }).waitFor()
    },
    60_000,
  )

  test.each([
    [LAPTOP, 'dark'],
    [PHONE, 'light'],
  ] as const)(
    'what changed at the last deploy: at %j',
    async (viewport, scheme) => {
      const page = await visit('/charts?minutes=60', { viewport, scheme })
      const panel = page.getByRole('region', { name: 'Since the last deploy' })
      await panel.locator('b', { hasText: 'Deploy 0.14.2 → 0.15.0 (1 process)' }).waitFor()
      const errors = panel.getByRole('row', { name: /Error rate/ })
      await expectInFirstScreen(errors)
      // The few requests of the story itself may be in the last minute.
      expect((await errors.locator('td').allTextContents()).slice(1, 3)).toEqual(['0 %', expect.stringMatching(/^(20|19\.\d) %$/)])
      await expectSound(page)

      // Without a pointer: the keyboard moves through time, and the legend has the values of then.
      const card = page.getByRole('region', { name: 'Requests', exact: true })
      const plot = card.getByRole('slider')
      await plot.locator('canvas').waitFor()
      await plot.focus()
      await page.keyboard.press('Home')
      await page.keyboard.press('End')
      for (let n = 0; n < 4; n++) await page.keyboard.press('ArrowLeft')
      const failed = card.getByRole('row', { name: /5xx/ })
      await until(async () => (await failed.locator('td').first().textContent()) === '20', { what: 'the value at the pointer' })
      expect(await plot.getAttribute('aria-valuetext')).toMatch(/^\d\d:\d\d UTC: 2xx 80.*5xx 20/)
      // The same figures as a table.
      await card.getByRole('button', { name: 'Show as table' }).click()
      const row = card.getByRole('table', { name: /Requests/ }).locator('tbody tr')
      expect(await row.count()).toBe(60)
      expect((await row.nth(4).locator('td').allTextContents()).slice(1, 4)).toContain('20')
      await expectSound(page)
    },
    60_000,
  )

  test('a job has its own charts, and its page leads there', async () => {
    const page = await visit(`/jobs/${job}?tab=now`)
    await page.getByRole('link', { name: 'Charts of this job' }).click()
    await page.getByRole('link', { name: `Job ${job.slice(0, 8)}` }).waitFor()
    const requests = page.getByRole('region', { name: 'Requests', exact: true })
    await requests.getByRole('row', { name: /429 \(limit of the API\)/ }).waitFor()
    // What others did is not in it.
    expect(await requests.getByRole('row', { name: /5xx/ }).count()).toBe(0)
  }, 60_000)

  test('a worker has its version; one that was killed is not running, with when it was last seen, and counts as a crash', async () => {
    const page = await visit('/workers', { viewport: PHONE })
    const card = page.locator('.card', { hasText: 'worker-backfill' }).first()
    await card.getByText('0.15.0').waitFor()
    await expectSound(page)
    await worker.kill()
    const app = page.getByRole('region', { name: 'Apps' }).getByRole('row', { name: /worker-backfill/ })
    await app
      .getByText(/last seen/)
      .first()
      .waitFor({ timeout: 40_000 })
    // The scheduler notes the crash a moment after the last heartbeat is too old.
    await until(async () => (await app.locator('td').last().textContent()) === '1', { what: 'the crash to be counted', timeoutMs: 20_000 })
  }, 60_000)

  test('while the API does not answer, old figures are drawn as old with their time, and none becomes 0', async () => {
    const pages = await Promise.all(['/', '/charts', '/gates', '/workers'].map((path) => visit(path)))
    for (const page of pages) await page.locator('main table, main .jobs').first().waitFor()
    const shown = async (page: Page) => (await page.locator('main td.num, main .fact dd > span').allTextContents()).length
    const before = await Promise.all(pages.map(shown))
    await api.kill()
    for (const [n, page] of pages.entries()) {
      await page.bringToFront()
      await page.locator('.banner', { hasText: 'The server does not answer.' }).waitFor()
      await page
        .getByText(/^As of \d\d:\d\d:\d\d UTC/)
        .first()
        .waitFor()
      expect(await shown(page)).toBe(before[n])
    }
    await expectSound(pages[2] as Page)
    api = await it.start(API)
    for (const page of pages) {
      await page.bringToFront()
      await page.locator('.dated-at').first().waitFor({ state: 'detached' })
    }
  }, 90_000)
})
