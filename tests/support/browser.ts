import { readFileSync } from 'node:fs'
import type { BrowserContext, Page } from 'playwright-core'
import { findChromium, openBrowser } from '../../bench/base/browser'

/** Stories in a browser are skipped, and counted, where none is installed; CHROME_PATH names one. */
export const withChromium = findChromium() ? describe : describe.skip

export { openBrowser }

/** What a page complains of: refused by its own security policy, exceptions. Answers of 4xx and lost connections are no complaint. */
export function complaints(context: BrowserContext): string[] {
  const found: string[] = []
  context.on('weberror', (error) => found.push(error.error().message))
  context.on('console', (message) => {
    const isNetwork = /Failed to load resource|ERR_|EventSource/.test(message.text())
    if (['error', 'warning'].includes(message.type()) && !isNetwork) found.push(message.text())
  })
  return found
}

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

/** Faults of accessibility that axe finds on the page as it is: all but those of minor and moderate impact. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return (await page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html).slice(0, 3).join(' ')))`)) as string[]
}

/** Nothing is wider than the screen, and axe finds no serious fault. */
export async function expectSound(page: Page): Promise<void> {
  expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
  expect(await accessibilityFaults(page)).toEqual([])
}
