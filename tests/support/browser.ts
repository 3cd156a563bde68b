import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

/** The shell draws the same pages without the windows of a browser, for less than half of the processor time. */
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const APPS = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium']
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
const STILL = ['--disable-component-update', '--disable-sync']

const runs = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Not there, or no program.
    return false
  }
}

function findChromium(): string | undefined {
  const named = process.env.CHROME_PATH
  if (named) return named
  const folders = (process.env.PATH ?? '').split(delimiter)
  return [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...APPS].find(runs)
}

const path = findChromium()

/** Stories in a browser are skipped, and counted, where none is installed; CHROME_PATH names one. */
export const withChromium = path ? describe : describe.skip

export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath: path, args: [...QUIET, ...STILL] })

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
