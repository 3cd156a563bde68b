import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import type { Page } from 'playwright-core'
import { startSandbox } from '../../backend/sandbox/server'
import { openBroker } from '../../queues/broker'
import { bury } from '../../queues/dead'
import { CHARACTER } from '../support/backfill'
import { expectFocusKept, expectSound, focusOf, goWithin, inBrowser, PHONE, tabTo, withChromium } from '../support/browser'
import { freePort } from '../support/run'
import { quiet } from '../support/suite'
import { type Sandbox, type System, system } from '../support/system'
import { until } from '../support/until'

/* An operator works with the tools of the console: palette, GraphiQL, documentation, export, many ids, a corrected dead letter. */

const ADMIN = 'admin-of-the-story-of-tools'
const QUEUE = 'zkillboard_backfill_queue'

withChromium('the tools of the console', () => {
  let sandbox: Sandbox
  let it: System
  let url: string
  const { at, visit } = inBrowser()

  beforeAll(async () => {
    sandbox = await startSandbox({ scale: 3000, speed: 50, seed: 7, oddities: false, bigAttackers: 40 })
    const port = await freePort()
    it = await system({ sandbox, env: { ADMIN_TOKEN: ADMIN, API_PORT: String(port), METRICS_PORT: String(await freePort()) } })
    url = `http://127.0.0.1:${port}`
    at(url, ADMIN)
    await Promise.all([it.start('dist/backend/bin/api.js'), it.scheduler(), it.worker('worker-backfill')])
  }, 120_000)
  afterAll(async () => {
    await it?.close()
    await sandbox?.close()
  })

  const ask = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' }
    return (await (await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })).json()) as { id: string }
  }
  /** Messages of which each names another character wrongly. */
  const deadLetters = async (...wrong: string[]) => {
    const broker = openBroker({ url: it.env.RABBITMQ_URL ?? '', name: 'story', log: quiet })
    await broker.ready()
    for (const text of wrong) {
      const body = Buffer.from(`{"characterId":"${text}"}`)
      await bury(broker, { queue: QUEUE, body }, `characterId must be a whole number, got ${text}`)
    }
    await broker.close()
  }
  const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
  const goTo = async (page: Page, text: string) => {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search pages, jobs and actions' }).fill(text)
    await page.getByRole('listbox', { name: 'Results' }).getByRole('option').first().waitFor()
    await page.keyboard.press('Enter')
  }

  test('at 1440 px: everything by keyboard and palette, and nothing that the page itself refuses', async () => {
    await deadLetters('abc', 'abd')
    const page = await visit('/')

    // The palette is a combobox: the focus stays in its input, which names the active option.
    await page.keyboard.press('Control+k')
    const input = page.getByRole('combobox', { name: 'Search pages, jobs and actions' })
    await input.fill('letters')
    await page.getByRole('option', { name: 'Dead letters' }).waitFor()
    const active = () => page.evaluate(`document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).textContent`)
    expect(await active()).toBe('Dead letters')
    await expectSound(page)
    await page.keyboard.press('Enter')
    await heading(page, 'Dead letters')

    // Both letters have one reason; one is corrected, and the server says first what is still wrong with it.
    await page.getByText('2 messages', { exact: true }).waitFor()
    // Several can be chosen, whatever their group.
    await page.getByLabel('Choose the 2 shown').check()
    await page.getByText('2 messages chosen').waitFor()
    await expectSound(page)
    await page.getByRole('checkbox', { name: 'Choose the message' }).first().uncheck()
    await page.getByText('1 message chosen').waitFor()
    await page.getByRole('button', { name: 'Choose none' }).click()
    await page.getByRole('button', { name: 'Correct' }).first().click()
    const dialog = page.getByRole('dialog', { name: 'Correct the message' })
    const message = dialog.getByLabel('Message')
    await message.fill('{"characterId":"still wrong"}')
    await dialog.getByRole('button', { name: 'Send the corrected message' }).click()
    await dialog.getByText('must be a whole number, got still wrong').waitFor()
    await message.fill(JSON.stringify({ characterId: CHARACTER, options: { maxPages: 1 } }))
    await dialog.getByRole('button', { name: 'Send the corrected message' }).click()
    await page.getByText(`The corrected message was sent to ${QUEUE}.`).waitFor()
    await page.getByText('1 message', { exact: true }).waitFor()
    const [corrected] = await until(async () => {
      const rows = await it.db.query<{ id: string }>(`select id from backhaul.jobs where params->'options'->>'maxPages' = '1'`)
      return rows.length > 0 ? rows : undefined
    })
    expect(await it.ended(corrected?.id ?? '')).toBe('completed')

    // A job by its label, an action of the page, and the search of a page by `/`.
    await goTo(page, `character ${CHARACTER}`)
    await page.waitForURL(`**/jobs/${corrected?.id}`)
    await goTo(page, 'graphiql')
    await heading(page, 'GraphQL')
    await page.locator('.graphiql-query-editor').getByText('rowsPerMinute').waitFor()
    await page.locator('.graphiql-execute-button').click()
    await page.locator('.graphiql-response').getByText('rowsPerMinute').waitFor()
    await page.locator('.graphiql-response').getByText('completed').waitFor()
    await page.getByRole('link', { name: 'REST', exact: true }).click()
    await heading(page, 'REST API')
    await page
      .frameLocator('iframe[title="Documentation of the REST API"]')
      .locator('.opblock-summary-description', { hasText: /^Start a backfill$/ })
      .waitFor({ timeout: 40_000 })
    await page.getByRole('link', { name: 'Jobs', exact: true }).click()
    await heading(page, 'Jobs')
    await page.keyboard.press('/')
    expect(await page.evaluate('document.activeElement.type')).toBe('search')

    // All jobs that match, as a file.
    await page.goto(`${url}/?status=completed`)
    await page.locator('summary', { hasText: 'Export' }).click()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export jobs as CSV' }).click()])
    const rows = parse(readFileSync(await download.path(), 'utf8'), { columns: true }) as Record<string, string>[]
    expect(rows.map((row) => [row.id, row.status])).toEqual([[corrected?.id, 'completed']])

    // A schedule that was run shows what it started, and is edited where it stands.
    const schedule = await ask('/api/schedules', { name: 'nightly', cron: '0 3 * * *', source: 'eve', params: { characterId: CHARACTER } })
    await ask(`/api/schedules/${schedule.id}/run`, {})
    await goTo(page, 'nightly')
    await heading(page, 'nightly')
    await page.getByText('started a job').waitFor()
    await page.getByRole('button', { name: 'Edit' }).click()
    const edit = page.getByRole('dialog', { name: 'Edit nightly' })
    await edit.getByLabel('When').fill('30 4 * * *')
    await edit.getByRole('button', { name: 'Save the changes' }).click()
    await page.getByText('30 4 * * *').waitFor()
    await expectSound(page)
  }, 120_000)

  test('by keyboard alone, from the login to a corrected dead letter and back: the focus is always to be seen, and never lost', async () => {
    sandbox.fault({ name: 'status', api: 'zkillboard', status: 404, body: 'No such thing', match: '90000077' })
    const failed = await it.queueCharacter(90_000_077)
    expect(await it.ended(failed)).toBe('failed')
    sandbox.clearFaults()
    sandbox.fault({ name: 'slow', api: 'zkillboard', ms: 2_000 })
    await deadLetters('by-keyboard')
    const page = await visit('/?q=90000077', { token: null })
    const press = (key: string) => page.keyboard.press(key)

    await page.getByLabel('Token').waitFor()
    await tabTo(page, /^Token/)
    await page.keyboard.type(ADMIN)
    await press('Enter')
    await page.locator('.job').first().waitFor()

    // The skip link, then the row in less than eight stops.
    await tabTo(page, /^Skip to content/)
    await press('Enter')
    expect(await tabTo(page, /^Select killmails of character 90000077/, { most: 8 })).toBeLessThan(8)
    await tabTo(page, /^Killmails of character 90000077/)
    await press('Enter')
    await page.waitForURL(`**/jobs/${failed}`)
    await heading(page, 'Killmails of character 90000077')

    // Its parts, and the retry of the one cause.
    await tabTo(page, /^Timeline$/)
    await press('Enter')
    await page.getByText('Ended: failed').waitFor()
    await tabTo(page, /^Failures/, { key: 'Shift+Tab' })
    await press('Enter')
    await page.getByText('A retry does not help').waitFor()
    await tabTo(page, /^Retry this task$/)
    await press('Enter')
    await page.getByText('Retrying. Each task goes on').waitFor()
    await expectFocusKept(page)

    // Pause and resume: the button of the other verb is in the place of the one that was pressed.
    await page.locator('.job-meta .status.running').waitFor()
    await tabTo(page, /^Pause$/, { key: 'Shift+Tab' })
    await press('Enter')
    await page.locator('.job-meta .status.paused').waitFor()
    await until(async () => (await focusOf(page)).name === 'Resume', { what: 'the focus on the other verb' })
    await press('Enter')
    await page.locator('.job-meta .status.running').waitFor()
    await expectFocusKept(page)

    // The form, by the palette: a range of dates.
    await goTo(page, 'start character-killmails')
    await heading(page, 'New backfill')
    await page.getByLabel('How many').waitFor()
    await tabTo(page, /^How many/)
    await page.keyboard.type('One')
    await tabTo(page, /^Character id/)
    await page.keyboard.type(String(CHARACTER + 7))
    await tabTo(page, /^From/)
    await page.keyboard.type('01022024')
    await tabTo(page, /^To/)
    await page.keyboard.type('01312024')
    await page.getByText('at the current limits').or(page.getByText('first task')).first().waitFor()
    await tabTo(page, /^Start the backfill$/)
    await press('Enter')
    await heading(page, `Killmails of character ${CHARACTER + 7}`)
    const [job] = await it.db.query<{ options: object }>(
      `select params->'options' as options from backhaul.jobs order by arrival desc limit 1`,
    )
    expect(job?.options).toMatchObject({ fromDate: '2024-01-02', toDate: '2024-01-31' })

    // A dead letter is corrected and sent again.
    await goTo(page, 'dead letters')
    await heading(page, 'Dead letters')
    await page.getByRole('button', { name: 'Correct' }).first().waitFor()
    await tabTo(page, /^Correct/)
    await press('Enter')
    const message = page.getByRole('dialog', { name: 'Correct the message' }).getByLabel('Message')
    await message.waitFor()
    if (!/^Message/.test((await focusOf(page)).name)) await tabTo(page, /^Message/)
    await press('Control+a')
    await page.keyboard.type(JSON.stringify({ characterId: CHARACTER + 8, options: { maxPages: 1 } }))
    await tabTo(page, /^Send the corrected message$/)
    await press('Enter')
    await page.getByText(`The corrected message was sent to ${QUEUE}.`).waitFor()
    await expectFocusKept(page)
    await page.goBack()
    await heading(page, `Killmails of character ${CHARACTER + 7}`)
    sandbox.clearFaults()
  }, 120_000)

  test('at 390 px: a list of ids with a wrong one is put right and started, and pages with something in them fit', async () => {
    const page = await visit('/', { viewport: PHONE, scheme: 'dark' })
    await page.getByRole('button', { name: 'Go to or do (Ctrl+K)' }).click()
    await page.getByRole('combobox', { name: 'Search pages, jobs and actions' }).fill('start character-killmails')
    await expectSound(page)
    await page.getByRole('option', { name: 'Start: character-killmails' }).click()
    await heading(page, 'New backfill')
    const ids = Array.from({ length: 300 }, (_, n) => String(95_000_000 + n))
    await page.getByLabel('Character ids').fill(['# this week', ...ids.slice(0, 150), 'wrong-one', ...ids.slice(150)].join('\n'))
    await page.getByText('1 id of 301 cannot be read').waitFor()
    await page.getByText('Line 152').waitFor()
    await expectSound(page)
    expect(await page.getByRole('button', { name: 'Start 300 jobs' }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Leave out this id' }).click()
    await page.getByRole('button', { name: 'Start 300 jobs' }).click()
    await page.getByText('300 jobs started.').waitFor()
    const [started] = await it.db.query<{ n: number }>(
      `select count(*)::int as n from backhaul.jobs where (params->>'characterId')::bigint between 95000000 and 95000299`,
    )
    expect(started?.n).toBe(300)
    for (const path of ['/dead-letters', '/graphiql']) {
      await goWithin(page, path)
      expect([path, await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')]).toEqual([path, 0])
    }
    // The last one is GraphiQL: its query has most of the width, and the answer is below.
    const query = page.locator('.graphiql-query-editor')
    await query.waitFor()
    expect((await query.boundingBox())?.width).toBeGreaterThan(PHONE.width * 0.7)
  }, 120_000)
})
