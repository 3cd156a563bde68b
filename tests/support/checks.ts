import type { Page } from 'playwright-core'

/** What a page showed from a moment on: the words of its banner and how many records of the job were read. */
export interface Look {
  at: number
  banner: string
  read: number | null
}

/** Notes every change of what is drawn, in the page itself: between two looks from outside a wrong figure could come and go. */
const WATCH = `(() => {
  const read = () => {
    const fact = [...document.querySelectorAll('.fact')].find((one) => one.querySelector('dt')?.textContent === 'Read')
    const figure = fact?.querySelector('dd > span') ?? document.querySelector('.job-figures > span')
    return figure ? Number(figure.textContent.split('/')[0].replace(/[^0-9]/g, '')) : null
  }
  const note = () => {
    const look = { banner: document.querySelector('.banner')?.textContent.trim() ?? '', read: read() }
    const last = window.looks.at(-1)
    if (last?.banner !== look.banner || last.read !== look.read) window.looks.push({ at: Date.now(), ...look })
  }
  window.looks = []
  new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true })
})()`

/** A page whose looks are kept from its first load on. */
export async function keepLooks(page: Page): Promise<void> {
  await page.addInitScript(WATCH)
}

/** All it has shown; they begin anew with a reload. */
export const looksOf = async (page: Page): Promise<Look[]> => (await page.evaluate('window.looks')) as Look[]
