import type { Page } from 'playwright-core'
import { startSandbox } from '../../backend/sandbox/server'
import { expectInFirstScreen, faultsInEveryView, inBrowser, LAPTOP, PHONE, withChromium } from '../support/browser'
import { freePort } from '../support/run'
import { type Sandbox, type System, system } from '../support/system'
import { until } from '../support/until'

/*
 * Somebody on call opens the page of a job: why it stands, how long until it is done, what failed and whether to retry it, retries only
 * that, and reads the log. On a laptop and on a phone.
 */

const ADMIN = 'admin-of-the-story-of-a-job'
const DISTRICTS = ['02', '10', '42', '57', '91']

withChromium('the page of a job', () => {
  let sandbox: Sandbox
  let it: System
  let job: string
  const { at, visit } = inBrowser()

  beforeAll(async () => {
    sandbox = await startSandbox({ scale: 1, seed: 5, repos: 1, pdses: 1, clubs: 2, open: true })
    // One district does not answer, another one answers with files that cannot be read.
    sandbox.fault({ name: 'status', status: 503, match: 'performance~42~' })
    sandbox.fault({ name: 'bad-cell', match: 'clubperformance~57~' })
    const port = await freePort()
    it = await system({
      sandbox,
      limits: { toastmasters: { spacingMs: 300, requests: 10_000, perMs: 60_000 } },
      env: {
        ADMIN_TOKEN: ADMIN,
        API_PORT: String(port),
        METRICS_PORT: String(await freePort()),
        TOASTMASTERS_RETRY_BASE_MS: '20',
        TOASTMASTERS_RETRY_MAX_MS: '200',
      },
    })
    at(`http://127.0.0.1:${port}`, ADMIN)
    await Promise.all([it.start('dist/backend/bin/api.js'), it.scheduler(), it.worker('worker-districts')])
    const range = ['--from-date', '2026-02-25', '--to-date', '2026-02-27', '--type', 'per-district', '--attempts', '2']
    const { out } = await it.run('dist/scripts/queue.js', 'districts', ...range, '--district', ...DISTRICTS, '--json')
    job = (JSON.parse(out) as { jobs: { id: string }[] }).jobs[0]?.id ?? ''
  }, 120_000)
  afterAll(async () => {
    await it?.close()
    await sandbox?.close()
  })

  const tab = (page: Page, name: string) => page.getByRole('navigation', { name: 'Parts of this job' }).getByRole('link', { name })
  const part = (page: Page, name: string) => tab(page, name).click()
  const time = (page: Page) => page.locator('.fact', { hasText: 'Time' }).locator('dd').innerText()
  const failed = async () =>
    (await it.db.query<{ key: string }>(`select key from backhaul.tasks where job_id = $1 and state = 'failed' order by key`, [job])).map(
      ({ key }) => key,
    )

  test('why it stands, and how long until it is done; a paused job says so everywhere, and its clock stands', async () => {
    const page = await visit(`/jobs/${job}`)
    sandbox.fault({ name: 'dashboard-429', seconds: 5, times: 1 })
    await page
      .locator('.waits li', { hasText: /waiting for 127\.0\.0\.1/i })
      .first()
      .waitFor()
    await expectInFirstScreen(page.getByText(/ left/).first())
    await page.setViewportSize(PHONE)
    await expectInFirstScreen(page.getByText(/ left/).first())
    await page.setViewportSize(LAPTOP)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.locator('.job-meta .status.paused').waitFor()
    await page.locator('.status.paused', { hasText: 'paused' }).nth(1).waitFor()
    await until(async () => (await it.db.query(`select 1 from backhaul.tasks where job_id = $1 and claim is not null`, [job])).length === 0)
    const before = await it.db.query<{ seconds: number }>(
      `select extract(epoch from paused_at - started_at)::float8 as seconds from backhaul.jobs where id = $1`,
      [job],
    )
    await page.reload()
    await page.locator('.job-meta .status.paused').waitFor()
    const shown = await time(page)
    expect(Number.parseFloat(shown)).toBeLessThanOrEqual((before[0]?.seconds ?? 0) + 1)
    await page.reload()
    await page.locator('.job-meta').waitFor()
    expect(await time(page)).toBe(shown)
    await page.getByRole('button', { name: 'Resume' }).click()
    await part(page, 'Log')
    await page.locator('.log p', { hasText: 'Page committed' }).first().waitFor()
    const lines = await page.locator('.log p').count()
    await until(async () => (await page.locator('.log p').count()) > lines, { what: 'the log to go on' })
    expect(await it.ended(job, 120_000)).toBe('partial')
  }, 180_000)

  test('what failed, whether a retry helps, and a retry of one cause only', async () => {
    const page = await visit(`/jobs/${job}`)
    // In the first screen of a laptop; on a phone after one press.
    await expectInFirstScreen(page.getByText('A retry helps'))
    await page.setViewportSize(PHONE)
    await part(page, 'Failures')
    const outage = page.locator('.failures > li', { hasText: 'HTTP 503' })
    for (const it of [outage.getByRole('heading'), outage.getByText('A retry helps'), outage.getByRole('button', { name: /Retry these/ })])
      await expectInFirstScreen(it)
    await page.setViewportSize(LAPTOP)
    const cells = page.locator('.failures > li', { hasText: 'Processing failed' })
    await outage.getByText('A retry helps').waitFor()
    await cells.getByText('A retry does not help').waitFor()
    const before = await failed()
    expect(before.filter((key) => key.includes('/42/')).length).toBeGreaterThan(0)
    await outage.getByRole('link', { name: 'Show the tasks' }).click()
    await page.getByText('Tasks of one cause.').waitFor()
    await page.getByText('History: 2 tries failed').first().click()
    await page
      .getByText(/Read last by/)
      .first()
      .waitFor()
    sandbox.clearFaults()
    await part(page, 'Failures')
    await outage.getByRole('button', { name: /Retry these/ }).click()
    await page.getByText('Retrying. Each task goes on').waitFor()
    expect(await it.ended(job, 60_000)).toBe('partial')
    await until(async () => (await failed()).every((key) => key.includes('/57/')), { what: 'only the other cause to be left' })
    expect((await failed()).length).toBe(before.filter((key) => key.includes('/57/')).length)
    await outage.waitFor({ state: 'detached' })
    await cells.waitFor()
    await part(page, 'Timeline')
    await page.getByText(/^Started by .* \(cli\)$/).waitFor()
    for (const text of [
      'Paused by admin (rest)',
      'Resumed by admin (rest)',
      'Retried by admin (rest)',
      'Run 1 ended: partial',
      'Ended: partial',
    ])
      await page.getByText(text, { exact: true }).waitFor()
  }, 120_000)

  test('a cell of the grid leads to its tasks, its reason and what ran it; keys are in their natural order', async () => {
    const page = await visit(`/jobs/${job}?tab=grid`)
    const rows = page.locator('.grid tbody th')
    await rows.first().waitFor()
    const labels = (await rows.allInnerTexts()).filter((label) => /^\d+$/.test(label))
    expect(labels).toEqual(DISTRICTS)
    await page
      .getByRole('gridcell', { name: /^57 .*failed/ })
      .first()
      .focus()
    await page
      .getByText(/no number|no kind|column/)
      .first()
      .waitFor()
    await page.getByRole('link', { name: /and what ran/ }).click()
    await page.getByText(/Tasks of cell 57/).waitFor()
    await page.locator('.history summary').first().click()
    await page
      .getByText(/Read last by/)
      .first()
      .waitFor()
  }, 60_000)

  test('every part fits, wide and narrow, and can be read by everybody', async () => {
    const page = await visit(`/jobs/${job}`)
    const faults: string[] = []
    for (const name of ['Report', 'Run', 'Tasks', 'Failures', 'Grid', 'Timeline', 'Log', 'Request']) {
      await part(page, name)
      await tab(page, name).and(page.locator('[aria-current="page"]')).waitFor()
      await page.locator('.skeleton').first().waitFor({ state: 'detached' })
      faults.push(...(await faultsInEveryView(page)).map((fault) => `${name} at ${fault}`))
      await page.setViewportSize(PHONE)
      expect([name, ((await page.evaluate('document.documentElement.scrollHeight')) as number) < 6_000]).toEqual([name, true])
    }
    expect(faults).toEqual([])
    await part(page, 'Log')
    await page.getByLabel('Level').selectOption('error')
    await page.locator('.log p', { hasText: 'Task failed' }).first().waitFor()
    await until(async () => (await page.locator('.log p.info').count()) === 0)
    await page.getByLabel('Text in the log').fill('no such text anywhere')
    await page.getByText('No line matches').waitFor()
  }, 120_000)
})
