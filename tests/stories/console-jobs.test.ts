import { startJobs } from '../../backend/engine/jobs/verbs'
import { watchAlerts } from '../../backend/engine/upkeep/alerts'
import { startSandbox } from '../../backend/sandbox/server'
import { sources } from '../../backend/sources'
import { eve } from '../../backend/sources/eve'
import { CHARACTER } from '../support/backfill'
import { accessibilityFaults, expectInFirstScreen, expectSound, inBrowser, LAPTOP, PHONE, withChromium } from '../support/browser'
import { freePort } from '../support/run'
import { quiet } from '../support/suite'
import { type Sandbox, type System, system } from '../support/system'
import { until } from '../support/until'

/*
 * An on-call person at the list of jobs, on a laptop and on a phone: which job is stuck and why, who knows of it, and one action on all
 * jobs that match.
 */

const ADMIN = 'admin-of-the-list-story'
const READER = 'reader-of-the-list-story'
const WHY = 'zkillboard answered 502'
const WAITING = 60

withChromium('the list of jobs', () => {
  let sandbox: Sandbox
  let it: System
  let url: string
  let stuck: string
  let failed: string
  const { at, visit } = inBrowser()

  beforeAll(async () => {
    sandbox = await startSandbox({ scale: 1000, speed: 200, seed: 7, oddities: false, bigAttackers: 40 })
    const port = await freePort()
    const env = { ADMIN_TOKEN: ADMIN, READ_TOKEN: READER, API_PORT: String(port), METRICS_PORT: String(await freePort()) }
    it = await system({ sandbox, env })
    url = `http://127.0.0.1:${port}`
    at(url, ADMIN)
    await it.start('dist/backend/bin/api.js')
    const asked = Array.from({ length: WAITING + 2 }, (_, n) => eve.params.parse({ characterId: CHARACTER + n, options: { maxPages: 1 } }))
    const started = await startJobs({ db: it.db, log: quiet, sources }, eve, asked)
    ;[stuck = '', failed = ''] = started.map(({ id }) => id)
    await leaveBehind()
    await checkAlerts()
  }, 180_000)
  afterAll(async () => {
    await it?.close()
    await sandbox?.close()
  })

  /** What workers leave behind: a job that reads no page although it tries, and one that has failed. */
  async function leaveBehind(): Promise<void> {
    await it.db.query(
      `update backhaul.jobs set status = 'running', admitted = true, started_at = now() - interval '2 hours' where id = $1`,
      [stuck],
    )
    await it.db.query(
      `update backhaul.tasks set state = 'ready', paged_at = now() - interval '40 minutes', attempts = 4, error_kind = 'http_502', error = $2,
              due_at = now() + interval '5 minutes' where job_id = $1`,
      [stuck, WHY],
    )
    await it.db.query(
      `update backhaul.jobs set status = 'failed', admitted = false, started_at = now() - interval '1 hour', completed_at = now() - interval '42 minutes',
              error = '1 of 1 task failed; the first: killmails: no answer in 30 s', report = '{"tasks": {"total": 1, "done": 0, "failed": 1}, "verified": false}'
        where id = $1`,
      [failed],
    )
    await it.db.query(`update backhaul.tasks set state = 'failed' where job_id = $1`, [failed])
  }

  /** What a scheduler finds that has run for a quarter of an hour. */
  async function checkAlerts(): Promise<void> {
    let now = Date.now()
    const alerts = watchAlerts({ db: it.db, log: quiet, sources, stallMs: 15 * 60_000, now: () => now })
    await until(async () => {
      now += 60_000
      await alerts.check()
      return (await it.db.query(`select 1 from backhaul.alerts where kind = 'job_stalled'`)).length > 0
    })
    await alerts.stop()
  }

  const statuses = async (status: string) =>
    (await it.db.query<{ n: number }>('select count(*)::int as n from backhaul.jobs where status = $1::backhaul.job_status', [status]))[0]
      ?.n

  test('what needs attention is first, says why, and is reached with few keys', async () => {
    const page = await visit('/')
    await page.locator('.job').first().waitFor()
    expect((await page.locator('.job-group').allTextContents()).slice(0, 2)).toEqual(['Failed, not acknowledged', 'Stalled'])
    const row = page.locator('.job', { hasText: 'has committed no page since' })
    expect(await row.textContent()).toContain(WHY)
    for (const size of [PHONE, LAPTOP]) {
      await page.setViewportSize(size)
      await expectInFirstScreen(row.getByText(WHY))
    }
    expect(await row.locator('.bar.unknown').count()).toBe(0)
    expect(await page.locator('.job.queued').first().textContent()).toMatch(/Next in line|Number \d+ in line/)

    // The skip link is the first stop.
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    let stops = 1
    while (!(await page.evaluate('document.activeElement.closest(".job") !== null'))) {
      await page.keyboard.press('Tab')
      stops++
      expect(stops).toBeLessThan(8)
    }
    await page.keyboard.press('j')
    await page.keyboard.press('k')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/jobs/${failed}`)
    await page.goBack()
    await page.locator('.job').first().waitFor()
    expect(await accessibilityFaults(page)).toEqual([])

    // Somebody knows of the failure: it is not in front any more, for anybody.
    await page
      .getByLabel(/^Select killmails/)
      .first()
      .check()
    await page.getByRole('button', { name: 'Acknowledge', exact: true }).click()
    await page.getByRole('button', { name: 'Acknowledge 1 job' }).click()
    await page.getByText('1 job acknowledged.').waitFor()
    await until(async () => (await page.locator('.job-group').first().textContent()) === 'Stalled')
  }, 90_000)

  test('one action changes all that match, however many pages that are, on a phone too', async () => {
    const page = await visit('/?q=killmails&status=queued', { viewport: PHONE })
    const before = (await statuses('queued')) ?? 0
    expect(before).toBeGreaterThan(50)
    await page.getByRole('button', { name: `Act on all ${before} jobs that match` }).click()
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await page.getByText(`All ${before} that match now.`).waitFor()
    await expectSound(page)
    await page.getByRole('button', { name: `Pause ${before} jobs` }).click()
    await page.getByText(`${before} jobs paused.`).waitFor({ timeout: 60_000 })
    expect([await statuses('queued'), await statuses('paused')]).toEqual([0, before])

    // The view lasts, by its name and by its address.
    await page.goto(`${url}/?status=paused&sort=oldest`)
    await page.locator('.job').first().waitFor()
    // The panel lies over the page, which stays where it is; leaving it with Tab closes it.
    const place = await page.locator('.job').first().boundingBox()
    await page.getByLabel('Filters and saved views').click()
    const name = page.getByLabel('Name of the view')
    await name.waitFor()
    expect(await page.locator('.job').first().boundingBox()).toEqual(place)
    await name.focus()
    await page.keyboard.press('Tab')
    await name.waitFor({ state: 'hidden' })
    await page.getByLabel('Filters and saved views').click()
    await page.getByLabel('Name of the view').fill('Paused, oldest first')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.goto(url)
    await page.getByLabel('Filters and saved views').click()
    await page.getByRole('link', { name: 'Paused, oldest first' }).click()
    await page.waitForURL('**/?status=paused&sort=oldest')
    expect(await page.getByLabel('Order').inputValue()).toBe('oldest')
  }, 120_000)

  test('an alert is acknowledged once for everybody; a reader on a phone sees by whom, and gets to the job', async () => {
    const page = await visit('/')
    await page.getByRole('button', { name: /^Alerts: \d+ alerts? not acknowledged/ }).click()
    const group = page.locator('.alert-group', { hasText: 'has committed no page' })
    expect(await page.locator('dialog.tray').textContent()).not.toMatch(/\byarn\b|npx/)
    expect(await accessibilityFaults(page)).toEqual([])
    await group.getByRole('button', { name: 'Acknowledge' }).click()
    await group.getByText('acknowledged by admin').waitFor()

    const phone = await visit('/', { viewport: PHONE, scheme: 'dark', token: READER })
    await phone.getByRole('button', { name: /^Alerts:/ }).click()
    const same = phone.locator('.alert-group', { hasText: 'has committed no page' })
    await same.getByText('acknowledged by admin').waitFor()
    expect(await same.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0)
    expect(await accessibilityFaults(phone)).toEqual([])
    const sheet = await phone.locator('dialog.tray').boundingBox()
    expect([sheet?.x, sheet?.width]).toEqual([0, PHONE.width])
    await same.getByRole('link', { name: 'Open the job' }).click()
    await phone.waitForURL(`**/jobs/${stuck}`)
    expect(await phone.locator('dialog.tray').count()).toBe(0)
    expect(await phone.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width)
  }, 90_000)
})
