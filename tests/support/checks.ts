import type { Page } from 'playwright-core'

/** What a page showed from a moment on: the words of its banner and how many records of the job were read. */
export interface View {
  at: number
  banner: string
  read: number | null
}

/** Notes every change of what is drawn, in the page itself: between two checks from outside a wrong figure could come and go. */
const WATCH = `(() => {
  const read = () => {
    const fact = [...document.querySelectorAll('.fact')].find((one) => one.querySelector('dt')?.textContent === 'Read')
    const figure = fact?.querySelector('dd > span') ?? document.querySelector('.job-figures > span')
    return figure ? Number(figure.textContent.split('/')[0].replace(/[^0-9]/g, '')) : null
  }
  const note = () => {
    const view = { banner: document.querySelector('.banner')?.textContent.trim() ?? '', read: read() }
    const last = window.views.at(-1)
    if (last?.banner !== view.banner || last.read !== view.read) window.views.push({ at: Date.now(), ...view })
  }
  window.views = []
  new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true })
})()`

/** A page whose views are kept from its first load on. */
export async function keepViews(page: Page): Promise<void> {
  await page.addInitScript(WATCH)
}

/** All it has shown; they begin anew with a reload. */
export const viewsOf = async (page: Page): Promise<View[]> => (await page.evaluate('window.views')) as View[]
