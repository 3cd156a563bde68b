import { createStore } from './store'

/*
 * Views of the list of jobs that a person saved under a name. They are kept in this browser: the server knows roles, not persons.
 */

export interface View {
  name: string
  /** The query of the page's address, without the question mark. */
  query: string
}

const KEY = 'backhaul.views'
const MOST = 50

const isView = (it: unknown): it is View =>
  typeof it === 'object' && it !== null && typeof (it as View).name === 'string' && typeof (it as View).query === 'string'

/** The views in a text; none in one that is not ours. */
export function viewsIn(text: string | null): View[] {
  try {
    const found: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(found) ? found.filter(isView).slice(0, MOST) : []
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return []
  }
}

/** With this one, in place of one of the same name. */
export const withView = (all: readonly View[], view: View): View[] =>
  [...all.filter(({ name }) => name !== view.name), view].sort((a, b) => a.name.localeCompare(b.name)).slice(0, MOST)

function stored(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
    // Storage is not available: there are no views.
    return null
  }
}

export const views = createStore<View[]>(typeof localStorage === 'undefined' ? [] : viewsIn(stored()))

/** Keeps these views. @returns whether they outlast the page */
export function keepViews(next: View[]): boolean {
  views.set(next)
  try {
    localStorage.setItem(KEY, JSON.stringify(next))
    return true
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
    // Storage is not available or full: they last until the page is closed.
    return false
  }
}
