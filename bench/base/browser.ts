import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { Refused } from '../../backend/base/errors'

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

/** The path of a Chromium; CHROME_PATH names one. */
export function findChromium(): string | undefined {
  const named = process.env.CHROME_PATH
  if (named) return named
  const folders = (process.env.PATH ?? '').split(delimiter)
  return [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...APPS].find(runs)
}

/** @throws {Refused} `setup` when none is installed */
export async function openBrowser(): Promise<Browser> {
  const executablePath = findChromium()
  if (!executablePath) throw new Refused('setup', 'There is no Chromium: install the package chromium, or set CHROME_PATH to a browser.')
  return await chromium.launch({ executablePath, args: [...QUIET, ...STILL] })
}
