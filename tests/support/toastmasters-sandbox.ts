import type { SandboxOptions } from '../../backend/sandbox/server'
import { MANNERS, stillSandbox, type Visit } from './sandbox'

export type Still = Awaited<ReturnType<typeof stillSandbox>>

/** The dashboards of the sandbox without limits unless `open` says otherwise, and a client of them. */
export async function stillDashboards(options: SandboxOptions = {}) {
  const still = await stillSandbox({ open: true, districts: 10, clubs: 12, seed: 3, repos: 1, pdses: 1, ...options })
  const page = (path: string) => still.get(still.sandbox.urls.TOASTMASTERS_URL + path, MANNERS)
  return {
    ...still,
    ...still.sandbox.toastmasters,
    page,
    archive: (year: string, key: string): Promise<Visit> => page(`/${year}/export.aspx?type=CSV&report=${key}`),
    root: (key: string): Promise<Visit> => page(`/export.aspx?type=CSV&report=${key}`),
  }
}

/** Lines of an export, without the nothing behind the last line end. */
export const linesOf = (body: string): string[] => body.split('\r\n').slice(0, -1)
export const footerOf = (body: string): string | undefined => linesOf(body).at(-1)
/** `2024-11-05` as `11/5/2024`. */
export const keyDate = (date: string): string => date.replace(/(\d+)-0?(\d+)-0?(\d+)/, '$2/$3/$1')

/** Rows of an export by column, as they stand in it. */
export function rowsOf(body: string): Record<string, string>[] {
  const [columns = [], ...rows] = linesOf(body)
    .filter((line) => line.startsWith('"'))
    .map((line) => line.slice(1, -1).split('","'))
  return rows.map((cells) => Object.fromEntries(columns.map((name, n) => [name, cells[n] ?? ''])))
}
