import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { messageOf } from '../../backend/base/errors'
import { openBrowser } from '../base/browser'
import { onGround } from '../base/harness'
import { openWorld, type World } from './world'

/*
 * `yarn pictures` draws the pages of the console again, from a suite that it starts: docs/pictures, which the README shows.
 */

const FOLDER = join(__dirname, '..', '..', '..', 'docs', 'pictures')
const PORT = 39_431
const LAPTOP = { width: 1440, height: 900 }
const PHONE = { width: 390, height: 844 }

interface Picture {
  name: string
  path(world: World): string
  /** What is on the page once it shows what it has. */
  shows: string
  phone?: true
  theme?: 'dark'
  /** What a person does before. */
  act?(page: Page): Promise<unknown>
}

const PICTURES: readonly Picture[] = [
  { name: 'jobs', path: () => '/', shows: '.jobs > li' },
  { name: 'job-running', path: ({ jobs }) => `/jobs/${jobs.running}`, shows: '.job-meta .status.running' },
  { name: 'job-failed', path: ({ jobs }) => `/jobs/${jobs.failed}`, shows: '.job-meta .status.failed' },
  { name: 'job-stages', path: ({ jobs }) => `/jobs/${jobs.stages}`, shows: '.job-meta .status.completed', theme: 'dark' },
  { name: 'job-grid', path: ({ jobs }) => `/jobs/${jobs.grid}?tab=grid`, shows: 'table' },
  { name: 'report-phone', path: ({ jobs }) => `/jobs/${jobs.report}?tab=report`, shows: '.job-meta', phone: true },
  { name: 'charts', path: () => '/charts?minutes=60', shows: '.uplot canvas' },
  { name: 'gates', path: () => '/gates', shows: 'table' },
  { name: 'workers', path: () => '/workers', shows: 'main li, main table', theme: 'dark' },
  { name: 'dead-letters', path: () => '/dead-letters', shows: 'main' },
  { name: 'jobs-phone', path: () => '/', shows: '.jobs > li', phone: true, theme: 'dark' },
]

async function draw(world: World): Promise<void> {
  const browser = await openBrowser()
  try {
    for (const { name, path, shows, phone, theme: colorScheme = 'light', act } of PICTURES) {
      const context = await browser.newContext({ viewport: phone ? PHONE : LAPTOP, colorScheme, reducedMotion: 'reduce' })
      const page = await context.newPage()
      await page.goto(world.url + path(world))
      await page.locator(shows).first().waitFor()
      await act?.(page)
      await page.waitForTimeout(1_500)
      await page.screenshot({ path: join(FOLDER, `${name}.png`) })
      await context.close()
      console.log(`docs/pictures/${name}.png`)
    }
  } finally {
    await browser.close()
  }
}

async function main(): Promise<void> {
  await mkdir(FOLDER, { recursive: true })
  await onGround(async (ground) => draw(await openWorld(ground, PORT)))
}

main().catch((error: unknown) => {
  console.error(messageOf(error))
  process.exitCode = 1
})
