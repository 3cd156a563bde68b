import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { findChromium, openBrowser } from '../../bench/base/browser'
import { isFull } from './size'
import { until } from './until'

/** Stories in a browser are skipped, and counted, where none is installed; CHROME_PATH names one. */
export const withChromium = findChromium() ? describe : describe.skip

export { openBrowser }

export type Scheme = 'light' | 'dark'
export const LAPTOP = { width: 1440, height: 900 }
export const PHONE = { width: 390, height: 844 }

interface Options {
  viewport?: typeof LAPTOP
  scheme?: Scheme
  /** Of whom; null: nobody has logged in. By default the token of `at`. */
  token?: string | null
}

export interface Console {
  browser(): Browser
  /** Where its api answers, once it does; without a token nobody has to log in. */
  at(url: string, token?: string): void
  /** A page in a context of its own, with somebody logged in. It is closed after the test. */
  visit(path: string, options?: Options): Promise<Page>
  /** Logs in at the page that asks for a token. */
  logIn(page: Page, token: string): Promise<Page>
}

/**
 * The console in one browser for the stories of a file. After each story its contexts are closed, and no page of it has complained:
 * by an exception, a warning, or something that its own security policy refused.
 */
export function inBrowser(): Console {
  let browser: Browser
  let here: { url: string; token?: string }
  const contexts: BrowserContext[] = []
  const complained: string[] = []
  /** Logging in takes two more loads of the page: each token does it once. */
  const sessions = new Map<string, Awaited<ReturnType<BrowserContext['storageState']>>>()

  // Before anything else of the file, so that it is closed even if something else fails to start.
  beforeAll(async () => {
    browser = await openBrowser()
  }, 60_000)
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()))
    expect(complained.splice(0)).toEqual([])
  })
  afterAll(() => browser?.close())

  const inside = (page: Page) => page.locator('#main').waitFor()
  const logIn = async (page: Page, token: string) => {
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Log in' }).click()
    await inside(page)
    return page
  }
  return {
    browser: () => browser,
    at: (url, token) => {
      here = token === undefined ? { url } : { url, token }
    },
    logIn,
    async visit(path, { viewport = LAPTOP, scheme = 'light', token = here.token ?? null } = {}) {
      const storageState = token === null ? undefined : sessions.get(token)
      const context = await browser.newContext({ viewport, colorScheme: scheme, reducedMotion: 'reduce', storageState })
      contexts.push(context)
      complaints(context, complained)
      const page = await context.newPage()
      page.setDefaultTimeout(20_000)
      await page.goto(here.url + path)
      if (token === null) return page
      if (storageState) await inside(page)
      else {
        await logIn(page, token)
        sessions.set(token, await context.storageState())
      }
      return page
    },
  }
}

/** What a page complains of: refused by its own security policy, exceptions. Answers of 4xx and lost connections are no complaint. */
export function complaints(context: BrowserContext, found: string[] = []): string[] {
  context.on('weberror', (error) => found.push(error.error().message))
  context.on('console', (message) => {
    const isNetwork = /Failed to load resource|ERR_|EventSource/.test(message.text())
    if (['error', 'warning'].includes(message.type()) && !isNetwork) found.push(message.text())
  })
  return found
}

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

interface Axe {
  /** Rules by the part of the page, a selector, whose markup is of others. */
  except?: readonly { rule: string; of: string }[]
}

/**
 * Faults of accessibility that axe finds on the page as it is: all but those of minor and moderate impact. For an iframe, which it would
 * have to be loaded into, it waits a second and finds nothing.
 */
export async function accessibilityFaults(page: Page, { except = [] }: Axe = {}): Promise<string[]> {
  if (!(await page.evaluate('typeof window.axe === "object"'))) await page.evaluate(axe)
  const found = (await page.evaluate(`axe.run(document, { resultTypes: ['violations'], iframes: false }).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.filter(({ target }) => !${JSON.stringify(except)}.some(({ rule, of }) =>
        rule === id && document.querySelector(target[0])?.closest(of)))
      .map((node) => id + ': ' + node.html.slice(0, 300))))`)) as string[]
  return found.slice(0, 10)
}

const OVER = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

/** Nothing is wider than the screen, and axe finds no serious fault. */
export async function expectSound(page: Page): Promise<void> {
  expect(await page.evaluate(OVER)).toBe(0)
  expect(await accessibilityFaults(page)).toEqual([])
}

/** Each width and each color scheme is in one of the first two. */
const VIEWS: readonly (readonly [typeof LAPTOP, Scheme])[] = [
  [LAPTOP, 'light'],
  [PHONE, 'dark'],
  ...(isFull
    ? ([
        [LAPTOP, 'dark'],
        [PHONE, 'light'],
      ] as const)
    : []),
]

/**
 * Faults of the page as it is, wide and narrow, light and dark, without loading it again: what is wider than the screen, and what axe
 * finds.
 */
export async function faultsInEveryView(page: Page, options: Axe = {}): Promise<string[]> {
  const faults: string[] = []
  const before = page.viewportSize() ?? LAPTOP
  for (const [viewport, colorScheme] of VIEWS) {
    await page.setViewportSize(viewport)
    await page.emulateMedia({ colorScheme })
    const over = (await page.evaluate(OVER)) as number
    const found = over === 0 ? [] : [`overflows by ${over} px`]
    found.push(...(await accessibilityFaults(page, options)))
    faults.push(...found.map((fault) => `${viewport.width} px, ${colorScheme}: ${fault}`))
  }
  await page.setViewportSize(before)
  return faults
}

/** Goes to another page of the console as a link does: nothing is loaded again. */
export async function goWithin(page: Page, path: string): Promise<void> {
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`)
  await page.locator('main h1').waitFor()
  await page.locator('main [aria-busy=true]').first().waitFor({ state: 'detached' })
}

/** It is on the screen as a person finds it: whole, without scrolling. */
export async function expectInFirstScreen(what: Locator): Promise<void> {
  await what.waitFor()
  const place = (await what.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect()
    return { top, bottom, height: element.ownerDocument.defaultView?.innerHeight ?? 0 }
  })) as { top: number; bottom: number; height: number }
  if (place.top < 0 || place.bottom > place.height) throw new Error(`${what} is at ${place.top} to ${place.bottom} of ${place.height} px`)
}

/** What has the focus: its name, and whether a person sees that it has it. */
export interface Focus {
  name: string
  isLost: boolean
  isMarked: boolean
}

const FOCUS = `(() => {
  const it = document.activeElement
  const outlined = (element) => element && getComputedStyle(element).outlineStyle !== 'none' && parseFloat(getComputedStyle(element).outlineWidth) > 0
  const label = it.getAttribute('aria-label') ?? it.labels?.[0]?.textContent ?? it.textContent
  return {
    name: label.trim().replace(/\\s+/g, ' '),
    isLost: it === document.body,
    isMarked: outlined(it) || [...(function* () { for (let e = it.parentElement; e; e = e.parentElement) yield e })()].some(outlined) || it.matches('h1, main'),
  }
})()`

export const focusOf = async (page: Page): Promise<Focus> => (await page.evaluate(FOCUS)) as Focus

/** Presses Tab until what has this name has the focus; on the way the focus is always somewhere, and to be seen. @returns the presses */
export async function tabTo(page: Page, name: RegExp, { most = 40, key = 'Tab' } = {}): Promise<number> {
  const passed: string[] = []
  for (let presses = 1; presses <= most; presses++) {
    await page.keyboard.press(key)
    const focus = await focusOf(page)
    expect([focus.name, focus.isMarked]).toEqual([focus.name, true])
    if (name.test(focus.name)) return presses
    passed.push(focus.name.slice(0, 40))
  }
  throw new Error(`${name} is not among the next ${most} stops: ${passed.join(' | ')}`)
}

/** The focus is not lost to the page as a whole, once what an action changes is drawn. */
export const expectFocusKept = (page: Page): Promise<unknown> =>
  until(async () => !(await focusOf(page)).isLost, { what: 'the focus to be somewhere', timeoutMs: 3_000 })
